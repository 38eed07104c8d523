import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Lock } from "lucide-react";
import { useEffect } from "react";
import type { AccessNote, AccessNotes } from "../../src/model/page-api.js";
import { answered, ask, base } from "./api.js";
import { AppLink } from "./app-link.js";
import { useServer } from "./queries.js";
import { hasToken } from "./token.js";

const notesQuery = {
  queryKey: ["access"],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<AccessNotes>("access", signal),
};

/** What is seen without being public. Asked for where the server has rules, and once for all lists. */
function useNotes(): AccessNotes | undefined {
  const { data } = useServer();
  const asked = useQuery({ ...notesQuery, enabled: data?.access !== undefined });
  return asked.data;
}

const wordsOf = ({ for: names, until }: AccessNote): string =>
  [names ? `for ${names.join(", ")}` : "embargoed", until && `until ${until}`].filter(Boolean).join(" ");

/** A tag on what not everybody sees; nothing on what is public. `bare`: the icon, with its words on hover and for those who listen. */
export function AccessTag({ of, id, bare = false }: { of: keyof AccessNotes; id: number; bare?: boolean }) {
  const note = useNotes()?.[of][id];
  if (!note) return null;
  const words = wordsOf(note);
  return (
    <span className="tag muted" title={`Not public: ${words}`}>
      <Lock size={14} aria-hidden={!bare} aria-label={bare ? words : undefined} role={bare ? "img" : undefined} />
      {!bare && ` ${words}`}
    </span>
  );
}

export const session = (method: "POST" | "DELETE") => answered(new URL("api/v1/session", base), { method });

/** Begins a session where this tab has a token and the server has rules: pictures and files are asked for without a token. */
export function useSession(): void {
  const queries = useQueryClient();
  const { access } = useServer().data ?? {};
  const isNeeded = access?.viewer !== undefined && hasToken();
  useEffect(() => {
    // a token that is refused is told where it was given; the page is that of somebody unknown then
    if (isNeeded)
      void session("POST").then(
        () => queries.invalidateQueries(notesQuery),
        () => {},
      );
  }, [isNeeded, queries]);
}

/** A way in, on a page of nothing: it may be there for who is known. */
export function SignInHint() {
  const { data } = useServer();
  if (!data?.access?.signIn || data.access.viewer !== undefined) return null;
  return (
    <p className="muted">
      Some of what is served is shown to people who are known to the server: <AppLink to="/about">sign in</AppLink>.
    </p>
  );
}
