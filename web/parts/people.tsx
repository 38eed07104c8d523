import { Fragment } from "react";
import { ABSENT } from "./format.js";

interface Author {
  readonly id: number;
  readonly name: string;
  readonly orcid: string | null;
  readonly affiliationName: string | null;
  readonly primaryAuthorStatus: boolean | null;
  readonly correspondingAuthorStatus: boolean | null;
}

/** Authors in their order. The corresponding ones have a sign, and ORCIDs lead to orcid.org. */
export function Authors({ authors }: { authors: readonly Author[] }) {
  if (authors.length === 0) return <p className="muted">No authors are named.</p>;
  return (
    <p>
      {authors.map(({ id, name, orcid, affiliationName, correspondingAuthorStatus }, at) => (
        <Fragment key={id}>
          {at > 0 && ", "}
          <span title={affiliationName ?? undefined}>{name}</span>
          {correspondingAuthorStatus && <span title="corresponding author"> ✉</span>}
          {orcid && /^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$/.test(orcid) && (
            <>
              {" "}
              <small>
                <WebLink to={`https://orcid.org/${orcid}`} label={`ORCID of ${name}`}>
                  ORCID
                </WebLink>
              </small>
            </>
          )}
        </Fragment>
      ))}
    </p>
  );
}

/** Link to another web site. What is no web address stays text: catalogues hold what people typed. */
export function WebLink({ to, label, children }: { to: string; label?: string; children?: React.ReactNode }) {
  if (!/^https?:\/\//i.test(to) || !URL.canParse(to)) return <>{children ?? to}</>;
  return (
    <a href={to} rel="noreferrer" aria-label={label}>
      {children ?? to}
    </a>
  );
}

const DATABASES: readonly [RegExp, (found: RegExpExecArray) => string][] = [
  [/^EMPIAR-(\d+)$/i, ([, id]) => `https://www.ebi.ac.uk/empiar/EMPIAR-${id}/`],
  [/^EMD-(\d+)$/i, ([, id]) => `https://www.ebi.ac.uk/emdb/EMD-${id}`],
  [/^PDB-?(\w{4})$/i, ([, id]) => `https://www.rcsb.org/structure/${id}`],
  [/^(?:doi:|doi\.org\/|https?:\/\/(?:dx\.)?doi\.org\/)?(10\.\d{4,9}\/\S+)$/i, ([, id]) => `https://doi.org/${id}`],
];

/** Publications and entries of databases, as a list in one text; with links where it is known where to. */
export function Entries({ text }: { text: string | null }) {
  const entries = text?.split(/[,;]\s*/).filter(Boolean) ?? [];
  if (entries.length === 0) return <>{ABSENT}</>;
  return entries.map((entry, at) => (
    <Fragment key={entry}>
      {at > 0 && ", "}
      <WebLink to={addressOf(entry.trim()) ?? entry}>{entry}</WebLink>
    </Fragment>
  ));
}

function addressOf(entry: string): string | undefined {
  for (const [pattern, address] of DATABASES) {
    const found = pattern.exec(entry);
    if (found) return address(found);
  }
  return undefined;
}
