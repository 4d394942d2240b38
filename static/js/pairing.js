// A screen that waits to be paired: asks how far it is, and goes on by itself. It never leaves this page before the server
// has answered, so that no error of the browser's own comes in its place.
(() => {
  "use strict";
  const EVERY = 3_000, PATIENCE = 8_000, LONGEST = 30_000;
  const page = document.getElementById("pairing");
  const part = (name) => document.getElementById(`pairing-${name}`);
  const hasCode = Boolean(page.dataset.code);
  const begun = performance.now();
  let ends = begun + Number(page.dataset.seconds) * 1_000;
  let failed = 0;

  const goOn = () => location.replace(page.dataset.page);

  const show = (name) => {
    for (const each of ["away", "none"]) part(each).hidden = each !== name;
  };

  const tick = () => {
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1_000));
    if (hasCode) {
      part("left").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      for (const each of document.querySelectorAll(".pairing-code, .pairing-picture")) each.classList.toggle("over", !left);
    }
  };

  const ask = async () => {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE);
    try {
      const answer = await fetch(page.dataset.poll, { cache: "no-store", signal: patience.signal });
      if (!answer.ok) throw new Error(answer.status);
      return await answer.json();
    } finally {
      clearTimeout(timer);
    }
  };

  const look = async () => {
    try {
      const { state, seconds } = await ask();
      failed = 0;
      show(state === "none" && hasCode ? "none" : "");
      if (seconds) ends = performance.now() + seconds * 1_000;
      const isOver = (hasCode && state === "over") || performance.now() >= ends;
      if (state === "ready" || isOver) return goOn();
    } catch {
      failed += 1;
      show("away");
    }
    const wait = failed ? Math.min(LONGEST, EVERY * 2 ** failed) * (0.5 + Math.random()) : EVERY;
    setTimeout(look, wait);
  };

  for (const each of document.querySelectorAll(".with-scripts")) each.hidden = false;
  for (const each of document.querySelectorAll(".without-scripts")) each.hidden = true;
  tick();
  setInterval(tick, 1_000);
  setTimeout(look, EVERY);
})();
