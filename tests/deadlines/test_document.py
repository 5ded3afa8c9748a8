"""docs/deadlines.md shows the packs as they are."""

from fahuo.deadlines.packs import load_book
from scripts import pack_table


def test_the_table_of_packs_is_up_to_date() -> None:
    assert pack_table.main(["--check"]) == 0, "run: python scripts/pack_table.py"


def test_the_table_names_every_pack_and_calendar() -> None:
    table, book = pack_table.table(), load_book()
    for name in (*book.pack_ids, *book.calendars):
        assert f"`{name}`" in table
    assert "| first_scan * | NORMAL, ZERO_LOTTERY | 0 WD after created, cut-off 14:00:00, at 23:59:59" in table
    assert "| `my-02` | Sun Mon Tue Wed Thu |" in table
