import { useQuery } from "@tanstack/react-query";
import type { ServerFacts } from "../../src/model/page-api.js";
import { ask } from "../parts/api.js";

/** What is served here. */
export function Home() {
  const { data, error } = useQuery({ queryKey: ["server"], queryFn: ({ signal }) => ask<ServerFacts>("server", signal) });
  if (error) return <p role="alert">{error.message}</p>;
  return (
    <>
      <h1>emporium</h1>
      <ul>
        {data?.places.map(({ id, name, kind }) => (
          <li key={id}>
            {name} ({kind})
          </li>
        ))}
      </ul>
    </>
  );
}
