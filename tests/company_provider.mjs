// A real OpenID provider on a free port of this machine, for tests: prints its address, ends with its input.
// PUT /people says whom it knows: claims by the name that they sign in with; any password does.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const server = createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
let people = {};
const provider = new Provider(`http://127.0.0.1:${server.address().port}`, {
  claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
  clientDefaults: { grant_types: ["authorization_code"] },
  cookies: { keys: ["only for tests"] },
  features: { registration: { enabled: true } },
  findAccount: (_, name) => people[name] && { accountId: name, claims: () => ({ sub: name, ...people[name] }) },
  pkce: { required: () => true },
});
provider.use(async (context, next) => {
  if (context.method !== "PUT" || context.path !== "/people") return next();
  let body = "";
  for await (const part of context.req) body += part;
  people = JSON.parse(body);
  context.status = 204;
});
server.on("request", provider.callback());
process.stdin.on("end", () => process.exit()).resume();
console.log(provider.issuer);
