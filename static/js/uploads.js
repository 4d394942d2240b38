// Handing a file in: dropped or chosen, it goes up in pieces, and the page shows how far it is. Without this script the
// form brings it whole. Texts come from the page, in its language.
(() => {
  "use strict";
  const form = document.getElementById("uploads-drop");
  if (!form) return;
  const zone = form.querySelector(".drop-zone");
  const input = form.querySelector("input[type=file]");
  const button = form.querySelector("button");
  const sending = document.getElementById("uploads-sending");
  const bar = document.getElementById("uploads-sent");
  const fault = document.getElementById("uploads-fault");
  const headers = { "X-CSRFToken": form.elements.csrf_token.value };
  const TRIES = 4, PAUSE = 1500; // of a piece that does not come through, in milliseconds

  const ask = async (address, body) => {
    const answer = await fetch(address, { method: "POST", headers, body });
    const told = (answer.headers.get("Content-Type") || "").startsWith("application/json") ? await answer.json() : {};
    if (answer.status >= 500 || answer.redirected) throw new TypeError("not now");
    if (!answer.ok) throw new Error(told.error || form.dataset.broken);
    return told;
  };

  const askAgain = async (address, body) => {
    for (let left = TRIES; ; left--) {
      try {
        return await ask(address, body);
      } catch (error) {
        if (!(error instanceof TypeError) || left === 1) throw error; // only what a broken connection throws
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  };

  const send = async (file) => {
    const about = new FormData();
    about.set("name", file.name);
    about.set("size", file.size);
    const { piece, to, then } = await ask(form.dataset.begin, about);
    for (let number = 0; number * piece < file.size; number++) {
      const content = file.slice(number * piece, (number + 1) * piece);
      await askAgain(to + number, new Blob([content], { type: "application/octet-stream" }));
      bar.value = Math.min(1, ((number + 1) * piece) / file.size);
    }
    location.assign(then);
  };

  const start = async (file) => {
    fault.hidden = true;
    bar.value = 0;
    document.getElementById("uploads-name").textContent = file.name;
    sending.hidden = false;
    button.disabled = true;
    try {
      await send(file);
    } catch (error) {
      fault.textContent = error instanceof TypeError ? form.dataset.broken : error.message;
      fault.hidden = false;
      sending.hidden = true;
      button.disabled = false;
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length && !button.disabled) start(input.files[0]);
  });
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("is-over");
    const file = event.dataTransfer.files[0];
    if (file && !button.disabled) start(file);
  });
})();
