import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import type { Entry } from "../store.js";
import { httpStore } from "./store.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

type Page = { status?: number; location?: string; type?: string; body?: string };

/** A web server of folder pages; whatever the rule gives none for is absent. */
async function serve(pageOf: (path: string) => Page | undefined) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    asked.push(path);
    const { status = 200, location, type = "text/html", body = "" } = pageOf(path) ?? { status: 404 };
    response.writeHead(status, { "content-type": type, ...(location === undefined ? {} : { location }) }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, asked };
}

const index = (...lines: string[]): Page => ({
  body: `<html><title>Index of /x</title><pre><a href="../">../</a>\n${lines.join("\n")}</pre>`,
});
const line = (href: string, size: string | number = "-") => `<a href="${href}">${href}</a>   15-Jan-2024 12:00   ${size}`;

async function collect(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}
const keysOf = async (entries: AsyncIterable<Entry>) => (await collect(entries)).map(({ key }) => key);

async function codeOf(entries: AsyncIterable<Entry>): Promise<string> {
  return collect(entries).then(
    () => "none",
    (error: unknown) => (isEmporiumError(error) ? error.code : String(error)),
  );
}

describe("folder pages of web servers", () => {
  it("tell sizes exactly, rounded or not at all, and say which", async () => {
    const { url } = await serve((path) =>
      path === "/d/"
        ? index(line("a", 1234), line("b", "1.2M"), line("c", "12K"), line("d"), line("e/"), line("f", "3G"))
        : undefined,
    );
    expect(
      (await collect(httpStore(`${url}/d`).children(""))).map(({ key, size, approximate }) => [key, size, approximate]),
    ).toEqual([
      ["a", 1234, undefined],
      ["b", 1_258_291, true],
      ["c", 12_288, true],
      ["d", 0, true],
      ["e/", 0, undefined],
      ["f", 3 * 1024 ** 3, true],
    ]);
  });

  it("are never asked for above the root, on another host, or twice for an order", async () => {
    const { url, asked } = await serve((path) =>
      path.startsWith("/data/")
        ? index(
            '<a href="?C=N;O=D">Name</a> <a href="?C=S&amp;O=A">Size</a> <a href="/">Home</a> <a href="/other/">other</a>',
            line("https://elsewhere.test/data/x/"),
            line("//elsewhere.test/x/"),
            line("../../"),
            line("%2e%2e/"),
            line("..%2f..%2fetc/"),
            line("a%2fb/"),
            line("a%5cb"),
            line("a%00b"),
            line("javascript:alert(1)"),
            line("ftp://127.0.0.1/data/x"),
            ...(path === "/data/" ? [line("sub/"), line("good", 1)] : [line("deep", 2)]),
          )
        : index(line("secret", 3)),
    );
    expect(await keysOf(httpStore(`${url}/data`).list(""))).toEqual(["good", "sub/deep"]);
    expect(asked).toEqual(["/data/", "/data/sub/"]);
  });

  it("that lead round in a circle end", async () => {
    // A link to the folder itself, as a web server shows it: the same page below itself, for ever.
    const { url, asked } = await serve((path) =>
      /^\/d\/(?:loop\/)*$/.test(path) ? index(line("loop/"), line("x", 5)) : undefined,
    );
    expect(await keysOf(httpStore(`${url}/d`).list(""))).toEqual(["loop/x", "x"]);
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  it("that go down for ever are an error", async () => {
    const { url, asked } = await serve(() => index(line("deeper/")));
    expect(await codeOf(httpStore(url).list(""))).toBe("STORE_PROTOCOL");
    expect(asked.length).toBeLessThan(150);
  });

  it("are not pages that somebody wrote, files, or what may not be seen", async () => {
    const { url } = await serve((path) => {
      if (path === "/home/") return { body: '<html><title>Our lab</title><a href="data.mrc">data</a></html>' };
      if (path === "/file/") return { type: "application/octet-stream", body: "bytes" };
      if (path === "/denied/") return { status: 403 };
      if (path === "/broken/") return { status: 500 };
      return undefined;
    });
    const store = httpStore(url);
    expect(await codeOf(store.children("home"))).toBe("STORE_FAILED");
    expect(await codeOf(store.list("file/"))).toBe("STORE_FAILED");
    expect(await codeOf(store.list("denied/"))).toBe("STORE_DENIED");
    expect(await codeOf(store.list("broken/"))).toBe("STORE_UNAVAILABLE");
    expect(await keysOf(store.list("absent/"))).toEqual([]);
  });

  it("may have moved to another address", async () => {
    const { url } = await serve((path) => {
      if (path.startsWith("/old/")) return { status: 301, location: path.replace("/old/", "/new/") };
      return path === "/new/"
        ? index(line("sub/"), line("x", 1))
        : path === "/new/sub/"
          ? index(line("/new/sub/y", 2))
          : undefined;
    });
    expect(await keysOf(httpStore(`${url}/old`).list(""))).toEqual(["sub/y", "x"]);
  });

  it.each([
    [
      "Apache's table",
      '<tr><td><a href="a%20b.tif">a b.tif</a></td><td align="right">2023-11-01 10:20  </td><td align="right"> 42 </td></tr>',
    ],
    [
      "lighttpd",
      '<tr><td class="n"><a href="a%20b.tif">a b.tif</a></td><td class="m">2023-Nov-01 10:20:00</td><td class="s">42</td><td>x</td></tr>',
    ],
    ["nginx", '<a href="a%20b.tif">a b.tif</a>     01-Nov-2023 10:20      42'],
    ["Python", '<li><a href="a%20b.tif">a b.tif</a></li>'],
  ])("of %s are read", async (_server, row) => {
    const { url } = await serve((path) =>
      path === "/" ? { body: `<h1>Directory listing for /</h1><table>${row}</table>` } : undefined,
    );
    const [entry] = await collect(httpStore(url).list(""));
    expect(entry?.key).toBe("a b.tif");
    if (row.includes("2023")) expect(entry?.modifiedMs).toBe(Date.UTC(2023, 10, 1, 10, 20));
  });
});
