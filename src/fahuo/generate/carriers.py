"""Carriers that serve the markets: real companies, real lanes, **invented** prices, capacities and number ranges."""

from __future__ import annotations

from typing import Final, NamedTuple


class Service(NamedTuple):
    """One service of a carrier in its own country. `price` is the first half kilogram in hundredths of a yuan."""

    carrier: str
    name: str
    service: str
    service_name: str
    days: tuple[int, int]
    price: int
    goods: str = "general+battery+liquid+food+fragile"
    max_weight_g: int = 30_000
    prefix: str = ""
    suffix: str = ""
    check: str = "none"
    width: int = 10


_ALL = "general+battery+liquid+dangerous+food+fragile"
_AIR = "general+food+fragile"

LOCAL: Final[dict[str, tuple[Service, ...]]] = {
    "VN": (
        Service("GHN", "Giao Hàng Nhanh", "STD", "Chuẩn", (2, 4), 600, _ALL, prefix="GHN"),
        Service("JTVN", "J&T Express", "STD", "Standard", (2, 4), 560, prefix="84", width=10),
        Service("VTP", "Viettel Post", "ECO", "Tiết kiệm", (3, 6), 480, prefix="VTP"),
    ),
    "TH": (
        Service("FLASH", "Flash Express", "STD", "Standard", (1, 3), 620, _ALL, prefix="TH01"),
        Service(
            "THPOST", "Thailand Post", "EMS", "EMS", (1, 3), 900, _AIR, prefix="EF", suffix="TH", check="s10", width=8
        ),
    ),
    "US": (
        Service("USPS", "USPS", "GA", "Ground Advantage", (2, 5), 3400, _ALL, 31_700, "9400", "", "mod10", 17),
        Service("UPS", "UPS", "GROUND", "Ground", (1, 5), 5600, _ALL, 68_000, "1ZFH", width=12),
        Service("FEDEX", "FedEx", "HOME", "Home Delivery", (1, 5), 5900, _ALL, 68_000, "7489", width=8),
    ),
    "GB": (
        Service("RM", "Royal Mail", "T48", "Tracked 48", (2, 3), 2900, _AIR, 20_000, "FH", "GB", "s10", 8),
        Service("EVRI", "Evri", "STD", "Standard", (2, 4), 2300, prefix="H00F", max_weight_g=15_000),
        Service("DPDUK", "DPD", "NEXT", "Next Day", (1, 1), 4800, _ALL, prefix="1550"),
    ),
    "PH": (
        Service("JTPH", "J&T Express", "STD", "Standard", (2, 7), 700, _ALL, prefix="PH"),
        Service("LBC", "LBC Express", "STD", "Standard", (2, 6), 900, prefix="1750"),
    ),
    "MY": (
        Service("NVMY", "Ninja Van", "STD", "Standard", (2, 4), 650, _ALL, prefix="NVMY"),
        Service("POSLAJU", "Pos Laju", "STD", "Domestic", (1, 3), 800, prefix="EH", suffix="MY", check="s10", width=8),
    ),
    "SG": (
        Service("NVSG", "Ninja Van", "STD", "Standard", (1, 3), 1400, _ALL, prefix="NVSG"),
        Service("SINGPOST", "SingPost", "TP", "Tracked Package", (2, 4), 1200, _AIR, 30_000, "RF", "SG", "s10", 8),
    ),
    "ID": (
        Service("JNE", "JNE", "REG", "Reguler", (2, 5), 700, _ALL, prefix="JNE"),
        Service("SICEPAT", "SiCepat", "REG", "Reguler", (2, 4), 650, prefix="0026"),
    ),
    "JP": (
        Service("YAMATO", "ヤマト運輸", "TAKKYUBIN", "宅急便", (1, 2), 4200, _ALL, 30_000, "38", width=10),
        Service("JPPOST", "日本郵便", "YUPACK", "ゆうパック", (1, 3), 3900, prefix="29", width=10),
    ),
    "DE": (
        Service("DHLDE", "DHL", "PAKET", "Paket", (1, 2), 3700, _ALL, 31_500, "00340434", width=11, check="mod10"),
        Service("HERMES", "Hermes", "STD", "Standard", (1, 3), 3200, prefix="H100"),
    ),
    "FR": (
        Service("COLISSIMO", "Colissimo", "DOM", "Domicile", (2, 3), 4300, _ALL, prefix="6A"),
        Service(
            "CHRONO", "Chronopost", "C13", "Chrono 13", (1, 1), 7800, prefix="XF", suffix="FR", check="s10", width=8
        ),
    ),
    "IT": (
        Service("POSTE", "Poste Italiane", "STD", "Standard", (2, 4), 4100, _ALL, prefix="3UW"),
        Service("BRT", "BRT", "EXP", "Express", (1, 2), 5200, prefix="0850"),
    ),
    "ES": (
        Service("CORREOS", "Correos", "PAQ72", "Paq Premium", (1, 3), 4000, _ALL, prefix="PQ"),
        Service("SEUR", "SEUR", "24", "24 horas", (1, 2), 5100, prefix="08"),
    ),
    "IE": (
        Service("ANPOST", "An Post", "STD", "Standard Tracked", (1, 3), 4600, _ALL, 30_000, "FH", "IE", "s10", 8),
        Service("DPDIE", "DPD Ireland", "NEXT", "Next Day", (1, 2), 5800, prefix="1599"),
    ),
    "MX": (
        Service("ESTAFETA", "Estafeta", "TERR", "Terrestre", (2, 6), 2900, _ALL, prefix="8055", width=12),
        Service("PAQEX", "Paquetexpress", "STD", "Estándar", (2, 6), 2700, prefix="PEX"),
    ),
    "BR": (
        Service("CORREIOS", "Correios", "PAC", "PAC", (4, 10), 2600, _AIR, 30_000, "FH", "BR", "s10", 8),
        Service("JADLOG", "Jadlog", "PACKAGE", ".Package", (3, 8), 2900, _ALL, prefix="0800"),
    ),
}

FROM_CHINA: Final = (
    Service("YUNEXPRESS", "YunExpress", "STD", "Standard", (7, 14), 4500, prefix="YT26", width=12),
    Service("4PX", "4PX", "PRI", "Priority", (6, 12), 5200, _ALL, prefix="4PX300", width=12),
    Service("YANWEN", "YanWen", "ECO", "Economy", (10, 20), 3300, _AIR, 2_000, "YW", "CN", "s10", 8),
)
"""Cross-border lines from the warehouse in China to every market."""
