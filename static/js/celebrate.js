// Celebrations: one after another the whole screen is somebody's; many at once are summed up. Each is shown once on
// this screen, also after a reconnection or a reload, and what is older than two minutes is over.
(() => {
  "use strict";
  const LASTS = 7000;
  const FADES = 500;
  const PAUSE = 1200; // between two, so that the board is seen
  const STALE = 120_000;
  const MOST_WAITING = 3; // more than that are summed up
  const REMEMBERED = 200;
  const NAMES = 12;
  const SCRAPS = 140;
  const CHIME = [523.25, 659.25, 783.99, 1046.5]; // C E G C

  const stage = document.getElementById("celebration");
  const part = (name) => stage.querySelector(`.moment-${name}`);
  const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  let around; // what the wall gives: its clock, what it keeps, whether it is night
  let seen = [];
  let waiting = [];
  let unnamed = 0; // that the server counted and did not send
  let isRunning = false;
  let isFirstShown = false; // of many

  const add = ({ items, more }) => {
    const fresh = items.filter((each) => !seen.includes(each.id) && around.now() - each.at <= STALE);
    if (!fresh.length) return;
    waiting.push(...fresh);
    unnamed += more;
    seen = [...seen, ...fresh.map((each) => each.id)].slice(-REMEMBERED);
    around.kept.write("celebrated", seen);
    if (around.isDark()) [waiting, unnamed] = [[], 0];
    if (!isRunning) run();
  };

  const run = async () => {
    isRunning = true;
    while (waiting.length || unnamed) {
      await show(next());
      await rest(PAUSE);
    }
    isRunning = false;
  };

  const next = () => {
    if (waiting.length && waiting.length + unnamed <= MOST_WAITING) return waiting.shift();
    if (waiting.length && !isFirstShown) {
      isFirstShown = true; // the first of many is seen alone, the others together
      return waiting.shift();
    }
    isFirstShown = false;
    const [names, count] = [[...new Set(waiting.map((each) => each.name))], waiting.length + unnamed];
    const picture = waiting[0]?.picture;
    [waiting, unnamed] = [[], 0];
    const whole = names.slice(0, NAMES).map((each) => each.replaceAll(" ", "\u00a0")); // no name is broken
    const shown = whole.join("\u00a0· ") + (names.length > NAMES ? " …" : "");
    return { title: stage.dataset.more.replace("{count}", count), name: shown, reason: "", picture, isMany: true };
  };

  const show = async (item) => {
    part("title").textContent = item.title;
    part("name").textContent = item.name;
    part("name").classList.toggle("many", Boolean(item.isMany));
    part("reason").textContent = item.reason;
    if (item.picture) part("picture").src = item.picture;
    stage.hidden = false;
    const isStill = window.live.isStill();
    const stop = isStill ? () => {} : confetti();
    chime();
    await rest(LASTS - FADES);
    stage.classList.add("over");
    await rest(isStill ? 0 : FADES);
    stop();
    stage.hidden = true;
    stage.classList.remove("over");
  };

  // Paper that falls for as long as the celebration lasts, in the colours of teams.
  const confetti = () => {
    const canvas = document.getElementById("confetti");
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(stage);
    const colours = [0, 1, 2, 3, 4, 5, 6, 7].map((each) => style.getPropertyValue(`--hue-${each}`));
    canvas.width = Math.min(1280, innerWidth); // enough, and small computers draw it smoothly
    canvas.height = (canvas.width * innerHeight) / innerWidth;
    const unit = Math.min(canvas.width, canvas.height) / 100;
    const scraps = Array.from({ length: SCRAPS }, (_, at) => ({
      x: Math.random() * canvas.width,
      y: -Math.random() * canvas.height * 0.9,
      falls: unit * (12 + 12 * Math.random()),
      sways: unit * (1 + 3 * Math.random()),
      turns: 2 + 4 * Math.random(),
      size: unit * (1 + Math.random()),
      colour: colours[at % colours.length],
    }));
    let frame = 0;
    const startedAt = performance.now();
    const draw = (at) => {
      const seconds = (at - startedAt) / 1000;
      pen.clearRect(0, 0, canvas.width, canvas.height);
      for (const { x, y, falls, sways, turns, size, colour } of scraps) {
        const angle = turns * seconds + x;
        pen.setTransform(Math.cos(angle), 0.3, -0.3, Math.sin(angle), x + sways * Math.sin(angle), y + falls * seconds);
        pen.fillStyle = colour;
        pen.fillRect(-size, -size / 2, 2 * size, size);
      }
      pen.resetTransform();
      frame = requestAnimationFrame(draw);
    };
    frame = requestAnimationFrame(draw);
    return () => {
      cancelAnimationFrame(frame);
      canvas.width = canvas.height = 0; // its memory goes too
    };
  };

  // ---- Sound: only where it was chosen, and the screen says so while the browser holds it back ----

  let speaker = null;

  const chime = () => {
    if (speaker?.state !== "running") return;
    CHIME.forEach((pitch, at) => {
      const [tone, volume, begins] = [speaker.createOscillator(), speaker.createGain(), speaker.currentTime + at * 0.14];
      tone.type = "triangle";
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0, begins);
      volume.gain.linearRampToValueAtTime(0.16, begins + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, begins + 1.4);
      tone.connect(volume).connect(speaker.destination);
      tone.start(begins);
      tone.stop(begins + 1.5);
    });
  };

  const listenForSound = () => {
    const hint = document.getElementById("hint");
    speaker = new AudioContext();
    const tell = () => (hint.hidden = speaker.state === "running");
    speaker.addEventListener("statechange", tell);
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, () => speaker.resume());
    tell();
  };

  const begin = (what) => {
    around = what;
    seen = around.kept.read("celebrated") ?? [];
    if (what.hasSound && window.AudioContext) listenForSound();
  };

  window.celebrate = { begin, add };
})();
