// Keeps the open board live: its standings follow the server's stream, and the reader's own row stays marked.
(() => {
  "use strict";
  const id = "board-standings";
  const told = document.getElementById("board-live");
  let link = null;

  const time = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });

  const tell = (state, at) => {
    told.textContent = told.dataset[state].replace("{time}", time(at));
    told.dataset.state = state;
    told.hidden = false;
  };

  // What comes through the stream is the same for everybody: whose row is the reader's own only this page knows.
  const mark = (section) => {
    const { mine } = document.getElementById(id).dataset;
    if (!mine) return;
    section.dataset.mine = mine;
    section.querySelector(`#standing-${mine}`)?.setAttribute("aria-current", "true");
  };

  const flash = (rows) => {
    if (window.live.isStill()) return;
    for (const row of rows) {
      if (row.matches("tr")) row.animate([{ backgroundColor: "var(--accent-soft)" }, {}], { duration: 1600, easing: "ease-out" });
    }
  };

  const begin = () => {
    link?.close();
    const { stream, poll } = document.getElementById(id)?.dataset ?? {};
    told.hidden = true;
    link = stream
      ? window.live.connect({
          url: stream,
          poll,
          root: id,
          prepare: mark,
          onApplied: flash,
          onBeat: () => tell("live"),
          onState: (state, at) => tell(state, at),
          onGone: () => tell("gone", Date.now()),
        })
      : null;
  };

  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target.id === id) link?.close(); // what is on its way belongs to the board that goes
  });
  document.body.addEventListener("htmx:afterSettle", ({ target }) => {
    if (target.id === id) begin();
  });
  if (document.getElementById(id)) begin();
})();
