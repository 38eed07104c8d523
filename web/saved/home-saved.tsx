import { AppLink } from "../parts/app-link.js";
import { keptHere } from "./kept-here.js";

const SHOWN = 6;

/** Views and searches that this browser keeps, on the first page. @param isAlone in a card of its own */
export default function HomeSaved({ isAlone = false }: { isAlone?: boolean }) {
  const all = keptHere.use();
  if (all.length === 0) return null;
  const Heading = isAlone ? "h2" : "h3";
  const inside = (
    <>
      <Heading id="saved">Saved in this browser</Heading>
      <ul className="figures-list">
        {all.slice(0, SHOWN).map(({ id, name, to }) => (
          <li key={id}>
            <AppLink to={to}>
              <bdi>{name}</bdi>
            </AppLink>
          </li>
        ))}
        <li>
          <small>
            <AppLink to="/saved">All that is saved</AppLink>
          </small>
        </li>
      </ul>
    </>
  );
  return isAlone ? (
    <section className="panel" aria-labelledby="saved">
      {inside}
    </section>
  ) : (
    inside
  );
}
