// The bench: one input that always has the focus; every scan is one request; a tone tells right from wrong without looking.
"use strict";
(() => {
  const form = document.getElementById("scan");
  const input = form.elements.code;
  const place = document.getElementById("bench");
  let queue = Promise.resolve();
  let sound = null;

  function tone(good) {
    try {
      sound = sound || new AudioContext();
      const wave = sound.createOscillator(), loud = sound.createGain();
      wave.frequency.value = good ? 880 : 196;
      wave.type = good ? "sine" : "square";
      loud.gain.value = 0.08;
      wave.connect(loud).connect(sound.destination);
      wave.start();
      wave.stop(sound.currentTime + (good ? 0.09 : 0.35));
    } catch { /* a bench without a loudspeaker */ }
  }

  async function scan(code) {
    const body = new URLSearchParams({ csrf: form.elements.csrf.value, package: form.elements.package.value, code });
    const began = performance.now();
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "x-fragment": "1" }, credentials: "same-origin" });
      if (answer.status === 401) { location.href = "/login?next=/pack"; return; }
      place.innerHTML = await answer.text();  // our own server's fragment, escaped there
      const state = place.querySelector("[data-package]");
      if (state) { form.elements.package.value = state.dataset.package; }
      place.dataset.ms = String(Math.round(performance.now() - began));
      tone(answer.ok && !place.querySelector(".say.bad"));
    } catch {
      place.querySelector(".say").className = "say bad";
      place.querySelector(".say").textContent = form.dataset.offline;
      tone(false);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = input.value.trim();
    input.value = "";
    if (code) { queue = queue.then(() => scan(code)); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { location.href = "/pack"; }
    if (event.target !== input && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) { input.focus(); }
  });
  document.addEventListener("click", (event) => { if (!event.target.closest("a, button, select")) { input.focus(); } });
  input.focus();
})();
