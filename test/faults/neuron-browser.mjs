import { createServer } from "node:http";

/**
 * A stand-in of NeuronBrowser's GraphQL and of the configuration server that names it, on the loopback:
 *
 *     POST /graphql                    the two queries, answered with `injections` and `brainAreas`
 *     GET  /config/rest_services       names /graphql, or `named`
 *
 * `reply` answers a POST in another way: a status and a text.
 *
 * @param {import("./neuron-browser.d.mts").NeuronBrowserContent} content may be changed while it runs
 */
export async function startNeuronBrowser(content) {
  /** @type {{ method: string, path: string, headers: import("node:http").IncomingHttpHeaders, body: string }[]} */
  const requests = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const path = request.url ?? "";
    requests.push({ method: request.method ?? "", path, headers: request.headers, body });
    /** @param {number} status @param {string} text */
    const answer = (status, text) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(text);
    };
    if (request.method === "GET" && path === "/config/rest_services") {
      return answer(
        200,
        JSON.stringify({ config: { neuronbrowser: { url: content.named ?? `${url}/graphql` }, config: { url } } }),
      );
    }
    if (request.method !== "POST" || path !== "/graphql") return answer(404, "{}");
    if (content.reply) return answer(content.reply.status ?? 200, content.reply.body);
    const query = String(JSON.parse(body).query);
    if (query.includes("injections")) return answer(200, JSON.stringify({ data: { injections: content.injections ?? [] } }));
    answer(200, JSON.stringify({ data: { brainAreas: content.brainAreas ?? [] } }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    requests,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve(undefined)));
    },
  };
}
