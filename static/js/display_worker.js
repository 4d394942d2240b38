// Keeps the last page of the display with all its files, so that a browser that starts while the server is away shows
// the last board. Its scope is /display; streams and questions pass by it untouched.
"use strict";
const PATIENCE = 8000; // then the kept page is shown
const NOTHING = `<!doctype html><meta name="color-scheme" content="dark"><meta http-equiv="refresh" content="20"><title>…</title>`;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.startsWith("/static/")) event.respondWith(file(request));
});

const late = () => new Promise((done) => setTimeout(done, PATIENCE));
const address = () => self.registration.scope;

// The server's page if it comes, the kept one if not; what a proxy answers in its place is never shown over it.
const page = async (request) => {
  const answer = await Promise.race([fetch(request).catch(() => null), late()]);
  if (answer?.type === "opaqueredirect") return answer;
  if (answer?.ok && answer.headers.has("X-Release")) {
    await keep(answer.clone()).catch(() => {}); // the one before stays
    return answer;
  }
  const last = await caches.match(address(), { ignoreVary: true });
  if (last) return last;
  if (answer?.status < 500) return answer;
  return new Response(NOTHING, { headers: { "Content-Type": "text/html; charset=utf-8" } });
};

// A page is kept with all its files or not at all. One without a board, for pairing, forgets what was kept.
const keep = async (answer) => {
  const html = await answer.clone().text();
  const name = `display-${answer.headers.get("X-Release")}`;
  const isBoard = html.includes('id="display-wall"');
  if (isBoard) {
    const cache = await caches.open(name);
    await cache.addAll(new Set(html.match(/\/static\/[^"'\s]+/g)));
    await cache.put(address(), answer);
  }
  for (const each of await caches.keys()) if (!isBoard || each !== name) await caches.delete(each);
};

// A file's address changes with its content: one that is kept is right for ever.
const file = async (request) => (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
