import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { SearchHits } from "../../src/model/page-api.js";
import { AppLink } from "../parts/app-link.js";
import { plural } from "../parts/format.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { searchQuery } from "../parts/queries.js";
import { Answer } from "../parts/states.js";

export const GROUPS: Readonly<Record<SearchHits["groups"][number]["kind"], string>> = {
  datasets: "Datasets",
  runs: "Runs",
  annotations: "Annotations",
  depositions: "Depositions",
  people: "People",
  files: "Files",
};

/** Hits of a search, by kind. */
export function Search() {
  const { q = "" } = useSearch({ strict: false }) as { q?: string };
  const navigate = useNavigate();
  const asked = useQuery(searchQuery(q.trim()));
  useCrumbs({ label: "Search" });
  useCommand(q.trim() === "" ? undefined : { ask: `search?${new URLSearchParams({ q: q.trim() })}` });
  return (
    <div className="page">
      <h1>Search</h1>
      <form
        className="query row"
        style={{ maxWidth: 640 }}
        onSubmit={(event) => {
          event.preventDefault();
          const text = new FormData(event.currentTarget).get("q");
          void navigate({ to: "/search", search: { q: String(text ?? "") } });
        }}
      >
        <input key={q} type="search" name="q" defaultValue={q} aria-label="Search for" maxLength={200} autoComplete="off" />
        <button type="submit" className="primary">
          Search
        </button>
      </form>
      {q.trim() === "" ? (
        <p className="muted">Titles, names of runs, objects and their numbers, authors, ORCIDs, files.</p>
      ) : (
        <Answer asked={asked}>{(hits) => <Hits hits={hits} />}</Answer>
      )}
    </div>
  );
}

function Hits({ hits: { q, groups, nearest } }: { hits: SearchHits }) {
  const found = groups.filter(({ hits }) => hits.length > 0);
  const total = found.reduce((sum, { hits }) => sum + hits.length, 0);
  return (
    <>
      <p role="status">
        {total === 0 ? `Nothing is called “${q}”.` : `${plural(total, "hit")} for “${q}”`}
        {nearest && (
          <>
            {" "}
            Did you mean{" "}
            <Link to="/search" search={{ q: nearest }}>
              {nearest}
            </Link>
            ?
          </>
        )}
      </p>
      {found.map(({ kind, hits, more }) => (
        <section key={kind} aria-label={GROUPS[kind]}>
          <h2>{GROUPS[kind]}</h2>
          <ul className="hits">
            {hits.map(({ title, detail, to }) => (
              <li key={`${to} ${title}`}>
                <AppLink to={to}>{title}</AppLink> <span className="muted">{detail}</span>
              </li>
            ))}
          </ul>
          {more && <p className="muted">There are more: say more of the name.</p>}
        </section>
      ))}
    </>
  );
}
