// The wall by itself, for months: its clock, whose turn it is, how old what it shows is, and how it stays alive.
// All goes by the server's clock, so that all displays change together whatever their own clocks say.
(() => {
  "use strict";
  const [SECOND, MINUTE] = [1000, 60_000];
  const RELOAD_WITHIN = MINUTE; // of a new release: not all displays at once
  const SHIFTS = [[0, 0], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]]; // in 0.1 rem
  const { release, zone, night, home, poll, stream, worker, sound } = document.body.dataset;
  const language = document.documentElement.lang;
  const part = (id) => document.getElementById(id);
  const WALL = "display-wall";

  // ---- What this browser keeps: nothing in a preview, and no more than fits where storage is forbidden or full. ----

  const kept = {
    read(name) {
      try {
        return worker ? JSON.parse(localStorage.getItem(name)) : null;
      } catch {
        return null;
      }
    },
    write(name, value) {
      try {
        if (worker) localStorage.setItem(name, JSON.stringify(value));
      } catch {
        // then not
      }
    },
  };

  // ---- Time ----

  const renderedAt = Number(document.body.dataset.now);
  // A page that was kept may be of yesterday: what the server's clock said last is nearer than the page's own moment.
  let ahead = kept.read("ahead") ?? renderedAt - Date.now();
  let asOf = renderedAt;
  const now = () => Date.now() + ahead;
  const format = (options) => new Intl.DateTimeFormat(language, { timeZone: zone, ...options });
  const clock = format({ hour: "numeric", minute: "2-digit" });
  const dated = format({ day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
  const day = format({ dateStyle: "short" });
  const plain = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const passed = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

  const isNight = (time) => {
    if (!night) return false;
    const [start, end] = night.split("-");
    return start < end ? start <= time && time < end : time >= start || time < end;
  };

  const ago = (at) => {
    const minutes = Math.max(0, Math.floor((now() - at) / MINUTE));
    if (minutes < 1) return passed.format(0, "second");
    if (minutes < 60) return passed.format(-minutes, "minute");
    return minutes < 48 * 60 ? passed.format(-Math.floor(minutes / 60), "hour") : passed.format(-Math.floor(minutes / 1440), "day");
  };

  const say = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  // ---- Whose turn it is ----

  const turn = (root) => {
    const slides = [...root.querySelectorAll(".slide")];
    const seconds = slides.map((each) => Number(each.dataset.seconds));
    const loop = seconds.reduce((sum, each) => sum + each, 0);
    let into = (now() / SECOND) % loop;
    const index = seconds.findIndex((each) => (into -= each) < 0);
    slides.forEach((each, at) => each.classList.toggle("shown", at === index));
    return { count: slides.length, index, share: (into + seconds[index]) / seconds[index] };
  };

  // A line of as many parts as there are slides; that of the present one fills.
  const showCourse = ({ count, index, share }) => {
    const course = part("course");
    while (course.children.length < count) course.append(document.createElement("li"));
    while (course.children.length > count) course.lastChild.remove();
    [...course.children].forEach((each, at) => {
      if (!each.firstChild) each.append(document.createElement("i"));
      each.classList.toggle("done", at < index);
      each.firstChild.style.transform = `scaleX(${at < index ? 1 : at > index ? 0 : share.toFixed(3)})`;
    });
  };

  // ---- Every second ----

  const reloadsAt = `03:${String(Math.floor(Math.random() * 60)).padStart(2, "0")}`; // once a night, each at its own minute
  const bornAt = Date.now();
  let minute = "";
  let isDirty = false;

  const tick = () => {
    setTimeout(tick, SECOND - (now() % SECOND));
    const time = plain.format(now());
    say(part("clock"), clock.format(now()));
    showCourse(turn(document));
    showAge();
    if (time === minute) return;
    minute = time;
    document.body.classList.toggle("night", isNight(time));
    shift();
    if (isDirty) keep();
    if (time === reloadsAt && Date.now() - bornAt > 120 * MINUTE) reload();
  };

  const showAge = () => {
    const since = Number(part(WALL)?.dataset.since);
    say(part("age"), since ? part("age").dataset.text.replace("{age}", ago(since)) : "");
  };

  // By a hair, so that nobody sees it and no letter stands on the same dots for months.
  const shift = () => {
    const [x, y] = SHIFTS[Math.floor(now() / MINUTE) % SHIFTS.length];
    part("screen").style.transform = `translate(${x / 10}rem, ${y / 10}rem)`;
  };

  // ---- Away, and back ----

  const showMark = (state) => {
    const mark = part("mark");
    const written = day.format(asOf) === day.format(now()) ? clock : dated;
    say(mark, state === "away" ? mark.dataset.text.replace("{time}", written.format(asOf)) : "");
    mark.hidden = state !== "away";
  };

  // Writes down what is shown, at most once a minute: a browser that starts without a server begins with it.
  const keep = () => {
    isDirty = false;
    kept.write("shown", { at: asOf, release, html: part(WALL).outerHTML });
  };

  const recall = () => {
    const last = kept.read("shown");
    if (!last || last.release !== release || last.at <= asOf) return;
    asOf = last.at;
    window.live.apply(part(WALL), last.html, turn);
  };

  // Only a server that answers is worth leaving this page for: there never is an error page on the wall.
  const reload = async () => {
    const answer = await fetch(home, { cache: "no-store", redirect: "manual" }).catch(() => null);
    if (answer?.ok && (answer.headers.has("X-Release") || !worker)) return location.reload();
    setTimeout(reload, MINUTE * (0.5 + Math.random()));
  };

  // Whose points have changed lights up for a moment, once however fast they change.
  const show = (fresh) => {
    isDirty = true;
    if (window.live.isStill()) return;
    for (const row of new Set(fresh.map((each) => each.matches(".score") && each.closest(".row")))) {
      if (!row || row.getAnimations().some((each) => each.id === "glow")) continue;
      row.animate([{ backgroundColor: "var(--accent-soft)" }, {}], { id: "glow", duration: 2500, easing: "ease-out" });
    }
  };

  let isReloading = false;
  const meet = (beat) => {
    ahead = beat.now - Date.now();
    asOf = beat.now;
    kept.write("ahead", ahead);
    if (!beat.release || beat.release === release || isReloading) return;
    isReloading = true;
    setTimeout(reload, RELOAD_WITHIN * Math.random());
  };

  // Nobody here may see the board any more: nothing of it stays, on the screen or in the browser.
  const leave = async () => {
    part(WALL).replaceChildren();
    isDirty = false;
    if (!worker) return;
    localStorage.clear();
    for (const name of (await window.caches?.keys()) ?? []) await caches.delete(name);
    reload();
  };

  // ---- Begin ----

  const address = new URL(stream, location.href);
  const dots = window.devicePixelRatio;
  address.searchParams.set("w", Math.round(screen.width * dots));
  address.searchParams.set("h", Math.round(screen.height * dots));
  recall();
  tick();
  window.celebrate.begin({ now, kept, hasSound: sound === "on", isDark: () => document.body.classList.contains("night") });
  window.live.connect({
    url: address,
    poll,
    root: WALL,
    prepare: turn,
    onApplied: show,
    onBeat: meet,
    onCelebrate: window.celebrate.add,
    onGone: leave,
    onState: showMark,
  });
  if (worker) navigator.serviceWorker?.register(worker, { scope: home }).catch(() => {}); // none without https
})();
