// Says what a swap does: that it is under way, what is shown then, and in words what kept it from coming.
// Everything works without it, less comfortably. Texts come from the page, in its language.
(() => {
  "use strict";
  const page = document.documentElement;
  const said = document.getElementById("said");
  const trouble = document.getElementById("trouble");
  if (!window.htmx || !said || !trouble) return;
  page.classList.add("live");

  const tell = (text) => {
    trouble.textContent = text;
    trouble.hidden = !text;
  };

  const fail = (event, text) => {
    tell(text);
    event.detail.elt.closest("form")?.reset(); // the choice goes back to what is shown
  };

  const wordsOf = (answer) => {
    const isOurs = (answer.getResponseHeader("Content-Type") || "").startsWith("text/html");
    const found = isOurs && new DOMParser().parseFromString(answer.responseText, "text/html").getElementById("errors-error");
    return found ? found.textContent.replace(/\s+/g, " ").trim() : trouble.dataset.failed;
  };

  const on = (name, act) => document.body.addEventListener(`htmx:${name}`, act);
  const isByTimer = ({ requestConfig }) => requestConfig && !requestConfig.triggeringEvent; // nobody asked: nothing is said
  let asked = "";
  on("beforeRequest", ({ detail }) => {
    if (isByTimer(detail)) return;
    asked = document.activeElement?.id;
    detail.target.setAttribute("aria-busy", "true");
  });
  on("afterRequest", ({ detail }) => detail.target.removeAttribute("aria-busy"));
  on("sendError", (event) => fail(event, trouble.dataset.away));
  on("timeout", (event) => fail(event, trouble.dataset.away));
  on("responseError", (event) => fail(event, wordsOf(event.detail.xhr)));
  on("afterSettle", ({ detail }) => {
    tell("");
    if (isByTimer(detail)) return;
    said.textContent = detail.elt.dataset?.said || document.title; // what was done, or else what is shown
    // What was pressed may be gone, as on the last page: its reader goes on from the heading of what came, or the page's.
    const heading = detail.elt.querySelector?.("h3[tabindex]") ?? document.querySelector("main h1[tabindex]");
    if (asked && !document.getElementById(asked)) heading?.focus();
    asked = "";
  });

  // On a phone the way between pages is longer than the screen: it begins where its reader is.
  document.querySelector(".manage-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

  const menu = document.querySelector("details.menu");
  document.addEventListener("click", ({ target }) => {
    if (menu?.open && !menu.contains(target)) menu.open = false;
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !menu?.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
})();
