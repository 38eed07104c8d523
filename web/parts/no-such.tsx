import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { nearIdsQuery } from "../queries/generated.js";
import { SignInHint } from "./access.js";
import { askCatalogue } from "./api.js";
import { AppLink } from "./app-link.js";
import { useCrumbs } from "./page.js";
import { searchQuery } from "./queries.js";

type Kind = "datasets" | "runs" | "depositions" | "annotations";

/** The number in the address; undefined where that is none. */
export function useId(): number | undefined {
  const { id = "" } = useParams({ strict: false });
  return /^[1-9]\d{0,8}$/.test(id) ? Number(id) : undefined;
}

/** An address of nothing, with those nearest to it by number. */
export function NoSuch({ kind, id }: { kind: Kind; id: number | undefined }) {
  useCrumbs({ label: kind, to: `/${kind}` }, { label: "No such number" });
  const { data } = useQuery({
    queryKey: ["near", kind, id],
    queryFn: ({ signal }) => askCatalogue(nearIdsQuery, nearVariables(kind, id!), signal),
    enabled: id !== undefined,
  });
  const near = Object.values(data ?? {}).flat();
  const { id: name = "" } = useParams({ strict: false });
  const { data: hits } = useQuery(searchQuery(id === undefined ? name.trim() : ""));
  const named = hits?.groups.find((group) => group.kind === kind)?.hits ?? [];
  return (
    <>
      <h1>No such page</h1>
      <p>
        {id === undefined
          ? `The address names none of the ${kind}: a number was expected.`
          : `None of the ${kind} has the number ${id}.`}
        {near.length > 0 && " Near it:"}
        {named.length > 0 && ` Called ${name}:`}
        {hits?.nearest && (
          <>
            {" "}
            Did you mean <AppLink to={`/search?${new URLSearchParams({ q: hits.nearest })}`}>{hits.nearest}</AppLink>?
          </>
        )}
      </p>
      <ul>
        {named.map(({ title, detail, to }) => (
          <li key={to}>
            <AppLink to={to}>{title}</AppLink> <span className="muted">{detail}</span>
          </li>
        ))}
        {near.map((one) => (
          <li key={one.id}>
            <Link to={`/${kind}/$id`} params={{ id: String(one.id) }}>
              {one.id} {one.title}
            </Link>
          </li>
        ))}
        <li>
          <Link to={`/${kind}`}>all {kind}</Link>
        </li>
      </ul>
      <SignInHint />
    </>
  );
}

function nearVariables(kind: Kind, id: number) {
  return {
    id,
    datasets: kind === "datasets",
    runs: kind === "runs",
    depositions: kind === "depositions",
    annotations: kind === "annotations",
  };
}
