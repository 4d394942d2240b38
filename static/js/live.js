// Keeps a part of a page as the server has it: changes come through a stream of events, by asking while there is none.
// Only what differs is touched, and what has a new place glides there. The board and the wall both stand on it.
(() => {
  "use strict";
  const SECOND = 1000;
  const AT_REST = 10 * SECOND; // a stream that has lived so long works
  const FIRST_WORD = 10 * SECOND; // a stream that stays silent for so long after opening is held up on the way
  const SILENCE = 40 * SECOND; // the server says something every 15 s
  const LONGEST_WAIT = 30 * SECOND;
  const LONGEST_WAIT_ASKING = 15 * SECOND; // while the server answers, and only its streams do not come through
  const UNSEEN = 30 * SECOND; // then a hidden page gives its stream up: a browser opens six to one server
  const GLIDE = { duration: 700, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" };

  const isStill = () =>
    document.documentElement.dataset.motion === "off" || matchMedia("(prefers-reduced-motion: reduce)").matches;

  // ---- What is shown ----

  const placesIn = (root) =>
    new Map([...root.querySelectorAll("[data-moves][id]")].map((each) => [each.id, each.getBoundingClientRect()]));

  const glide = (root, before) => {
    for (const [id, place] of placesIn(root)) {
      const old = before.get(id);
      if (!old || !old.width || !place.width) continue;
      const [x, y] = [old.left - place.left, old.top - place.top];
      if (!x && !y) continue;
      const zIndex = y > 0 ? 2 : 1; // who rises passes in front
      document.getElementById(id).animate([{ transform: `translate(${x}px, ${y}px)`, zIndex }, { transform: "none", zIndex }], GLIDE);
    }
  };

  const put = (parent, node, at) => // a node that is only moved keeps its focus and its animations
    node.parentNode === parent && parent.moveBefore ? parent.moveBefore(node, at) : parent.insertBefore(node, at);

  // Makes `old` like `wanted` and returns the node that then stands for it. Elements with data-live stay and are
  // mended within, child by child; any other that differs is replaced as a whole. fresh: gathers those.
  const mend = (old, wanted, fresh) => {
    if (old.isEqualNode(wanted)) return old;
    const isKept = old.nodeName === wanted.nodeName && "live" in (old.dataset ?? {}) && "live" in (wanted.dataset ?? {});
    if (!isKept) {
      old.replaceWith(wanted);
      if (wanted.nodeType === Node.ELEMENT_NODE) fresh.push(wanted);
      return wanted;
    }
    for (const { name } of [...old.attributes]) if (!wanted.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of wanted.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    mendChildren(old, wanted, fresh);
    return old;
  };

  // A child is the same as before by its id; one without an id by its place.
  const mendChildren = (old, wanted, fresh) => {
    const ids = new Set([...wanted.children].map((each) => each.id));
    for (const each of [...old.children]) if (each.id && !ids.has(each.id)) each.remove();
    const known = new Map([...old.children].filter((each) => each.id).map((each) => [each.id, each]));
    let at = old.firstChild;
    for (const child of [...wanted.childNodes]) {
      const isAlike = at && !at.id && at.nodeName === child.nodeName;
      const same = child.id ? known.get(child.id) : isAlike && at;
      if (same) {
        if (same !== at) put(old, same, at);
        at = same.nextSibling;
        mend(same, child, fresh);
      } else {
        put(old, child, at);
        if (child.nodeType === Node.ELEMENT_NODE) fresh.push(child);
      }
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  };

  // Shows a fragment in the place of `root`, whose id it has; returns the elements that are new.
  const apply = (root, html, prepare) => {
    const came = new DOMParser().parseFromString(html, "text/html");
    const wanted = came.getElementById(root.id);
    if (!wanted) throw new Error(`what came holds no #${root.id}`);
    prepare?.(wanted); // what only this page knows, such as whose row is the reader's own
    if (came.title) document.title = came.title;
    const before = isStill() ? null : placesIn(root);
    const focused = document.activeElement?.id;
    const fresh = [];
    const shown = mend(root, wanted, fresh);
    if (before) glide(shown, before);
    if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
    for (const each of fresh) window.htmx?.process(each);
    return fresh;
  };

  // A patch is [[first line, how many go, [lines that come]], …]: taken from its end, so that the numbers hold.
  const patched = (lines, patch) => {
    const next = [...lines];
    for (const [start, count, fresh] of [...patch].reverse()) next.splice(start, count, ...fresh);
    return next;
  };

  // ---- Where it comes from ----

  // Keeps the element with the id `root` as the server has it, until close().
  // url: of the stream; poll: of the fragment, for when no stream comes through. prepare(element): completes each
  // fragment before it is shown; onApplied(elements): it is shown, these are new. onBeat({now, release, since}): the
  // server's clock and release. onCelebrate({items, more}). onGone(): nobody here may see it any more.
  // onState("live" | "away", heardAt): away while the server is not heard; since when.
  class Link {
    #to;
    #lines = [];
    #tag = "";
    #source = null;
    #timer = 0;
    #tries = 0;
    #state = "live";
    #openedAt = 0;
    #heardAt = Date.now();
    #patience = FIRST_WORD;
    #ending = new AbortController(); // of everything that listens

    constructor(options) {
      this.#to = options;
      const { signal } = this.#ending;
      addEventListener("online", () => this.#again(true), { signal });
      addEventListener("offline", () => this.#lose(), { signal });
      document.addEventListener("visibilitychange", () => this.#look(), { signal });
      const watch = setInterval(() => this.#watch(), 5 * SECOND);
      signal.addEventListener("abort", () => clearInterval(watch));
      this.#open();
    }

    close() {
      this.#ending.abort();
      this.#hush();
    }

    #hush() {
      this.#source?.close();
      this.#source = null;
      clearTimeout(this.#timer);
    }

    #open() {
      this.#hush();
      const address = new URL(this.#to.url, location.href);
      if (this.#tag) address.searchParams.set("seen", this.#tag);
      this.#openedAt = this.#heardAt = Date.now();
      this.#patience = FIRST_WORD;
      const source = (this.#source = new EventSource(address));
      source.onerror = () => this.#again(); // its own way of trying again knows no growing wait and no jitter
      for (const name of ["beat", "frame", "patch", "celebrate", "gone", "bye"]) {
        source.addEventListener(name, ({ data }) => this.#take(name, data));
      }
    }

    #take(name, data) {
      this.#patience = SILENCE;
      if (Date.now() - this.#openedAt > AT_REST) this.#tries = 0;
      this.#heard();
      try {
        this[name](JSON.parse(data));
      } catch (error) {
        console.warn(error);
        this.#tag = ""; // begin again with the whole
        this.#again();
      }
    }

    beat(beat) {
      this.#to.onBeat?.(beat);
    }

    frame({ lines, tag }) {
      this.#show(lines, tag);
    }

    patch({ from, tag, patch }) {
      if (from === this.#tag) return this.#show(patched(this.#lines, patch), tag);
      this.#tag = ""; // one was missed
      this.#open();
    }

    celebrate(what) {
      this.#to.onCelebrate?.(what);
    }

    gone() {
      this.close();
      this.#to.onGone?.();
    }

    bye() {
      this.#again();
    }

    #show(lines, tag) {
      const root = document.getElementById(this.#to.root);
      if (!root) return;
      const fresh = apply(root, lines.join("\n"), this.#to.prepare);
      this.#lines = lines;
      this.#tag = tag; // only now: what failed to be shown is asked for again
      this.#to.onApplied?.(fresh);
    }

    #heard() {
      this.#heardAt = Date.now();
      this.#tell("live");
    }

    #tell(state) {
      if (state === this.#state) return;
      this.#state = state;
      this.#to.onState?.(state, this.#heardAt);
    }

    #again(atOnce = false) {
      this.#hush();
      if (this.#ending.signal.aborted || document.hidden) return;
      if (atOnce) this.#tries = 0;
      const most = this.#state === "live" ? LONGEST_WAIT_ASKING : LONGEST_WAIT;
      const wait = Math.min(most, SECOND * 2 ** this.#tries++) * (0.5 + Math.random());
      this.#timer = setTimeout(() => this.#retry(), wait);
    }

    async #retry() {
      const isAnswered = await this.#ask().catch(() => false);
      if (this.#ending.signal.aborted) return;
      if (isAnswered) return this.#open();
      this.#tell("away");
      this.#again();
    }

    // Tells whether the server answered. What answers in its place, such as a hotel's sign-in page, is none of ours.
    async #ask() {
      const headers = { "HX-Request": "true", ...(this.#tag && { "If-None-Match": `"${this.#tag}"` }) };
      const signal = AbortSignal.timeout(10 * SECOND);
      const answer = await fetch(this.#to.poll, { headers, signal, cache: "no-store", redirect: "manual" });
      const text = answer.ok ? await answer.text() : null;
      if (this.#ending.signal.aborted) return false;
      const told = (name) => answer.headers.get(name);
      if ([401, 403].includes(answer.status) && (told("X-Release") || told("HX-Redirect"))) return this.gone();
      const tag = told("ETag")?.match(/"(.*)"/)?.[1];
      if (!tag || (text === null && answer.status !== 304)) return false;
      if (text !== null) this.#show(text.split("\n"), tag);
      this.#heard();
      if (told("X-Now")) this.beat({ now: Number(told("X-Now")), release: told("X-Release") });
      return true;
    }

    #watch() {
      if (!this.#source || Date.now() - this.#heardAt < this.#patience) return;
      if (this.#patience === SILENCE) this.#tell("away"); // also after a sleep
      this.#again();
    }

    #lose() {
      this.#tell("away");
      this.#again();
    }

    #look() {
      if (!document.hidden && this.#source) return clearTimeout(this.#timer);
      if (!document.hidden) return this.#again(true);
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#hush(), UNSEEN);
    }
  }

  window.live = { apply, patched, isStill, connect: (options) => new Link(options) };
})();
