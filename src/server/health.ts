import type { ServedCatalogue } from "./api/context.js";
import type { Handler } from "./handler.js";

/** For programs that watch servers: 200 while questions are answered, 503 while the database does not answer. It names no file and no address. */
export function healthRoute(catalogue: ServedCatalogue | undefined): Handler {
  return async (request) => {
    const isUp = catalogue === undefined || (await answers(catalogue));
    const body = JSON.stringify({
      status: isUp ? "up" : "database does not answer",
      ...(catalogue && { catalogue: catalogue.state().state }),
    });
    return new Response(request.method === "HEAD" ? null : `${body}\n`, {
      status: isUp ? 200 : 503,
      headers: {
        "content-type": "application/json; charset=utf-8",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
      },
    });
  };
}

async function answers({ pool }: ServedCatalogue): Promise<boolean> {
  try {
    await pool.query("select 1");
    return true;
  } catch {
    return false;
  }
}
