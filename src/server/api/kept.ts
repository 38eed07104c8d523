import type { Context } from "hono";
import { EmporiumError } from "../../core/errors.js";
import { isOfThisMachine } from "../of-this-machine.js";
import { isOfOrigin } from "../tokens.js";
import type { ApiContext } from "./context.js";

/** Whether a request may see what people run and find on this machine. A page of another origin may not, whatever `--cors` lets it read. */
export const showsWorkspace = ({ workspace, isHandedOn, tokens, writing }: ApiContext, request: Request): boolean =>
  workspace !== undefined &&
  isOfOrigin(request, writing?.origin) &&
  ((!isHandedOn && isOfThisMachine(request)) || tokens?.holderOf(request) !== undefined);

/** The workspace, for requests of the server's own machine and for who brings a token. @throws {EmporiumError} ADDRESS_REFUSED */
export function workspaceFor(context: ApiContext, { req }: Context): string {
  if (showsWorkspace(context, req.raw)) return context.workspace!;
  throw new EmporiumError("ADDRESS_REFUSED", "results of commands in the workspace are shown on this machine only", {
    hint: "open the page at 127.0.0.1 on the server's machine, or through ssh -L; a server with --url shows it to holders of a token",
  });
}

/** A file of it, to be saved, or to be shown as a picture: never as a page of this origin. */
export function fileOf(c: Context, text: string, { type, name }: { type: string; name?: string }): Response {
  return c.body(text, 200, {
    "content-type": type,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
    ...(name !== undefined && { "content-disposition": `attachment; filename="${name.replace(/[^\w.-]/g, "_")}"` }),
  });
}
