import { Link, useLocation } from "@tanstack/react-router";
import { useCrumbs } from "./page.js";

const NAMES = ["/datasets", "/runs", "/annotations", "/depositions", "/browse", "/search", "/about"] as const;

/** An address that no page has, with those that look like it. */
export function NotFound() {
  const { pathname } = useLocation();
  useCrumbs({ label: "No such page" });
  const start = pathname.slice(1, 4).toLowerCase();
  const near = NAMES.filter((name) => name.slice(1).startsWith(start));
  return (
    <div className="page">
      <h1>No such page</h1>
      <p>
        Nothing is at <code>{pathname}</code>. {near.length > 0 ? "Near it:" : "These are here:"}
      </p>
      <ul>
        {(near.length > 0 ? near : NAMES).map((name) => (
          <li key={name}>
            <Link to={name}>{name}</Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
