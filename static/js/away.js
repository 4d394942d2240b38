// A screen whose board cannot be had just now: asks for it, and leaves this page only once it is there, so that no error of
// the browser's own comes in its place. Not all screens ask at the same moment.
(() => {
  "use strict";
  const SECOND = 1000;
  const wait = () => setTimeout(look, SECOND * (5 + 15 * Math.random()));

  const look = async () => {
    const patience = new AbortController();
    const given = setTimeout(() => patience.abort(), 10 * SECOND);
    const asked = { cache: "no-store", redirect: "manual", signal: patience.signal };
    const answer = await fetch(location.pathname, asked).catch(() => null);
    clearTimeout(given);
    if (answer?.ok && answer.headers.has("X-Release")) location.reload();
    else wait();
  };

  wait();
})();
