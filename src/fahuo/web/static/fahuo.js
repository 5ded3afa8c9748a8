// Keeps a page current: asks for one cheap word, fetches the fragment when it differs. Bursts are joined, hidden tabs rest.
"use strict";
(() => {
  const live = document.querySelector("[data-live]");
  const pulse = document.querySelector(".pulse");
  const here = document.querySelector(".top nav [aria-current]");
  if (here) { here.scrollIntoView({ block: "nearest", inline: "center" }); }
  const PAUSE_MS = 2000, LONGEST_MS = 60000;
  let known = document.body.dataset.asOf ?? null, fetched = Date.now(), busy = false, failures = 0;

  async function ask(path) {
    const answer = await fetch(path, { headers: { "x-fragment": "1" }, credentials: "same-origin" });
    if (answer.status === 401) { location.href = "/login?next=" + encodeURIComponent(location.pathname + location.search); }
    if (!answer.ok) { throw new Error(String(answer.status)); }
    return answer.text();
  }

  function ticked() { return new Set([...document.querySelectorAll("input[name=ids]:checked")].map((box) => box.value)); }

  async function refresh() {
    const chosen = ticked();
    const opened = new Set([...live.querySelectorAll("details[open][id]")].map((part) => part.id));
    const text = await ask(live.dataset.live);
    if (live.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox]), textarea, select")) { return false; }
    const kept = [...live.querySelectorAll("[data-kept]")];
    live.innerHTML = text;  // our own server's fragment, escaped there
    // What somebody has opened stays open, with what was typed into it, as long as its place is there.
    for (const part of kept) { const place = document.getElementById(part.id); if (place) { place.replaceWith(part); } }
    for (const id of opened) { const part = document.getElementById(id); if (part) { part.open = true; } }
    for (const box of live.querySelectorAll("input[name=ids]")) { box.checked = chosen.has(box.value); }
    fetched = Date.now();
    document.dispatchEvent(new Event("fahuo:fresh"));
    return true;
  }

  async function look() {
    if (busy || document.hidden) { return; }
    busy = true;
    try {
      const word = await ask("/changed");
      const stale = Date.now() - fetched > LONGEST_MS;
      if ((known !== null && word !== known) || stale) { if (await refresh()) { known = word; } } else { known = word; }
      failures = 0;
    } catch { failures += 1; }
    busy = false;
    if (pulse) { pulse.classList.toggle("off", failures > 1); }
  }

  if (live) {
    const turn = async () => { await look(); setTimeout(turn, PAUSE_MS * Math.min(1 + failures, 15)); };
    turn();
    document.addEventListener("visibilitychange", () => { if (!document.hidden) { look(); } });
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) {
      for (const box of document.querySelectorAll("input[name=ids]")) { box.checked = event.target.checked; }
    }
    if (event.target.matches("[data-submit]")) { event.target.form.requestSubmit(); }
    const count = document.querySelector("[data-count]");
    if (count) { count.textContent = String(ticked().size); }
  });
  document.addEventListener("click", async (event) => {
    const opener = event.target.closest("[data-fetch]");
    if (!opener) { return; }
    const place = document.getElementById(opener.dataset.into);
    place.innerHTML = await ask(opener.dataset.fetch);
    place.dataset.kept = "";
  });
})();
