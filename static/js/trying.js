// Trying a draft out: asks for lines of JSON, shows how far it is, and puts the result into the page. Without this script
// the form brings the same page with the result.
(() => {
  "use strict";
  const form = document.getElementById("trying-form");
  if (!form) return;
  const bar = document.getElementById("trying-bar");
  const text = document.getElementById("trying-text");
  const progress = document.getElementById("trying-progress");
  const button = form.querySelector("button");

  const take = (line) => {
    const { share, text: words, html } = JSON.parse(line);
    if (html === undefined) {
      bar.value = share;
      text.textContent = words;
      return false;
    }
    document.getElementById("trying-result").outerHTML = html;
    document.getElementById("trying-title").focus();
    return true;
  };

  const read = async (address) => {
    const answer = await fetch(address, { cache: "no-store" });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "", isDone = false;
    for (;;) {
      const { value, done } = await reader.read();
      const lines = (rest + (value ?? "")).split("\n");
      rest = lines.pop();
      for (const line of lines) isDone = take(line) || isDone;
      if (done) break;
    }
    if (!isDone) throw new Error("it ended before it was done");
  };

  const fail = () => {
    const told = document.createElement("p");
    told.className = "notice notice-error";
    told.setAttribute("role", "alert");
    told.textContent = form.dataset.failed;
    document.getElementById("trying-result").replaceChildren(told);
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const asked = new URLSearchParams(new FormData(form));
    button.disabled = true;
    bar.value = 0;
    text.textContent = "";
    progress.hidden = false;
    try {
      await read(`${form.dataset.steps}?${asked}`);
    } catch {
      fail();
    } finally {
      progress.hidden = true;
      button.disabled = false;
    }
  });
})();
