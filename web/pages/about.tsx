import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ServerFacts } from "../../src/model/page-api.js";
import { answered, base } from "../parts/api.js";
import { AppLink } from "../parts/app-link.js";
import { CopyButton } from "../parts/copy.js";
import { type Fact, Facts, fact } from "../parts/facts.js";
import { count } from "../parts/format.js";
import { Keys } from "../parts/keys.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { useServer } from "../parts/queries.js";
import { SignIn } from "../parts/sign-in.js";
import { Answer, ErrorPanel } from "../parts/states.js";

/** Version, health, addresses, limits, keys, licences. */
export function About() {
  useCrumbs({ label: "About" });
  useCommand({ ask: "server" });
  const server = useServer();
  return (
    <div className="page">
      <h1>About</h1>
      <Answer asked={server}>{(facts) => <Served facts={facts} />}</Answer>
      {server.data?.portal?.cite && (
        <>
          <h2>How to cite</h2>
          <p className="words">{server.data.portal.cite}</p>
          <CopyButton text={server.data.portal.cite} label="Copy citation" />
        </>
      )}
      <h2>Keys</h2>
      <div className="scroll">
        <Keys />
      </div>
      <h2>Licences</h2>
      <p>
        emporium is free software under the MIT licence. These pages are built of other people's work, too, each under its own
        licence.
      </p>
      <Licences />
    </div>
  );
}

function Served({ facts }: { facts: ServerFacts }) {
  const { version, places, catalogue, addresses, bucket, limits } = facts;
  const health = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) =>
      answered(new URL("healthz", base), { signal }).then(
        () => "answers, and so does the catalogue",
        (error: { message: string }) => error.message,
      ),
  });
  const { counts } = catalogue ?? {};
  const rows: readonly Fact[] = [
    fact("Version", version, "server"),
    fact("Health", health.data, "server"),
    fact("Changes", changesOf(facts), "server"),
    ...(catalogue ? [fact("Catalogue", catalogue.state, "server")] : []),
    ...(counts
      ? [
          fact(
            "Holds",
            Object.entries(counts)
              .map(([name, n]) => `${count(n)} ${name}`)
              .join(", "),
          ),
        ]
      : []),
  ];
  const urls = [
    ["GraphQL", addresses.graphql],
    ["Files", addresses.files],
    [`S3, bucket ${bucket}`, addresses.s3],
    ["Neuroglancer alone", addresses.viewer],
    ["OpenAPI", "api/v1/openapi.json"],
    ["Health", "healthz"],
  ] as const;
  return (
    <>
      <Facts facts={rows} />
      {(facts.writing || facts.access?.signIn || facts.access?.viewer !== undefined) && <SignIn facts={facts} />}
      <h2>Places</h2>
      <ul>
        {places.map(({ id, name, kind }) => (
          <li key={id}>
            <AppLink to={`/browse/${id}`}>{name}</AppLink> <span className="muted">{kind}</span>
          </li>
        ))}
      </ul>
      <h2>Addresses</h2>
      <ul className="hits">
        {urls.map(([name, path]) => {
          const { href } = new URL(path, base);
          return (
            <li key={name} className="row wrap">
              <span className="label">{name}</span> <code>{href}</code>{" "}
              <CopyButton text={href} label={`Copy address of ${name}`} bare icon />
            </li>
          );
        })}
      </ul>
      <h2>Limits</h2>
      <ul>
        <li>
          A question to the catalogue: {limits.queryDepth} levels deep, {limits.queryNames} names of one's own,{" "}
          {count(limits.queryRows)} rows.
        </li>
        <li>A slab of a volume: {count(limits.slabSections)} sections.</li>
        <li>Lists show as many rows as there are; they are fetched as they come into view.</li>
      </ul>
    </>
  );
}

function changesOf({ writing, holder }: ServerFacts): string {
  if (!writing) return "cannot be made from pages: reading only";
  if (!holder) return "can be made from pages by who has a token; this page has none";
  return `can be made from this page by ${holder.name}: ${holder.scopes.join(", ")}`;
}

function Licences() {
  const [isWanted, setWanted] = useState(false);
  const { data, error } = useQuery({
    queryKey: ["licences"],
    queryFn: async ({ signal }) => (await answered(new URL("LICENCES.md", base), { signal })).text(),
    enabled: isWanted,
  });
  if (error) return <ErrorPanel error={error} />;
  if (data === undefined)
    return (
      <button type="button" onClick={() => setWanted(true)}>
        Show the licences
      </button>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it
    <pre className="text" tabIndex={0}>
      {data}
    </pre>
  );
}
