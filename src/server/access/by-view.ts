import { Recent } from "../../core/recent.js";
import type { Handler } from "../handler.js";
import type { Access, View } from "./access.js";

/** Number of views that are ready at once: whatever is kept for answers is kept for each. */
export const VIEWS_MAX = 8;
/** Parts of the program itself, the same for everybody. */
const OF_NOBODY = /^(?:assets|viewer|brand)\//;

/**
 * Answers each request by the handler of what its sender may see. There is one for each view, made when it is first needed: nothing that is kept for one is
 * ever given to another.
 */
export function byView(access: Access, make: (view: View) => Promise<{ readonly handler: Handler }>): Handler {
  const handlers = new Recent<string, Promise<{ readonly handler: Handler }>>(VIEWS_MAX);
  return async (request, path) => {
    const view = await access.viewOf(request);
    let handler = handlers.get(view.key);
    if (!handler) {
      handler = make(view);
      handlers.set(view.key, handler);
      handler.catch(() => handlers.delete(view.key));
    }
    const response = await (await handler).handler(request, path);
    return OF_NOBODY.test(path) ? response : ofOneViewer(response, access.variesBy());
  };
}

/** Tells caches that the answer depends on who asks. */
function ofOneViewer(response: Response, headers: readonly string[]): Response {
  const { headers: given } = response;
  const control = given.get("cache-control") ?? "no-cache";
  if (!/\bno-store\b/.test(control)) given.set("cache-control", `private, ${control.replace(/\b(?:public|private),? ?/g, "")}`);
  given.append("vary", headers.join(", "));
  return response;
}
