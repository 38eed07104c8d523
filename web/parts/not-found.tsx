import { useLocation } from "@tanstack/react-router";
import { nearest } from "../../src/core/nearest.js";
import { AppLink } from "./app-link.js";
import { useCrumbs } from "./page.js";

const NAMES = ["datasets", "runs", "annotations", "depositions", "browse", "search", "about"] as const;

/** An address that no page has, with the one that looks like it. */
export function NotFound() {
  const { pathname } = useLocation();
  useCrumbs({ label: "No such page" });
  const [first = "", ...rest] = pathname.split("/").filter(Boolean);
  const near = nearest(first, NAMES) ?? NAMES.find((name) => first.length > 2 && name.startsWith(first.toLowerCase()));
  return (
    <div className="page">
      <h1>No such page</h1>
      <p>
        Nothing is at <code>{pathname}</code>. {near ? "Near it:" : "These are here:"}
      </p>
      <ul>
        {near && near !== first && rest.length > 0 && (
          <li>
            <AppLink to={`/${[near, ...rest.map(encodeURIComponent)].join("/")}`}>{["", near, ...rest].join("/")}</AppLink>
          </li>
        )}
        {(near ? [near] : NAMES).map((name) => (
          <li key={name}>
            <AppLink to={`/${name}`}>{`/${name}`}</AppLink>
          </li>
        ))}
      </ul>
    </div>
  );
}
