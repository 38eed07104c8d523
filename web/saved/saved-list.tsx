import { useState } from "react";
import { AppLink } from "../parts/app-link.js";
import { moment } from "../parts/format.js";
import { ErrorPanel } from "../parts/states.js";
import type { Saved } from "./saved.js";
import { WordsForm } from "./words-form.js";
import "./saved.css";

interface Shown {
  /** A link was taken. */
  readonly went?: (() => void) | undefined;
  /** Where a view is opened, by its address, as a page of its own. Undefined: by the viewer. */
  readonly openedAt?: ((to: string) => string) | undefined;
}

/** Views or searches with their names, which lead there; those that may be changed can be renamed and removed. */
export function SavedList({ items, ...shown }: { items: readonly Saved[]; label: string } & Shown) {
  const { label } = shown;
  return (
    <ul className="saved-list" aria-label={label}>
      {items.map((one) => (
        <Item key={one.id} saved={one} {...shown} />
      ))}
    </ul>
  );
}

function Item({ saved: now, went, openedAt }: { saved: Saved } & Shown) {
  /** What is being done, to the view as it was when that began: what others have made of it since is not overwritten unseen. */
  const [doing, setDoing] = useState<{ readonly what: "rename" | "remove"; readonly to: Saved }>();
  const [error, setError] = useState<unknown>();
  const saved = doing?.to ?? now;
  const { name, note, to, of, who, savedAt, isHere, isGone, change, remove } = saved;
  const done = () => setDoing(undefined);
  if (doing?.what === "rename" && change)
    return (
      <li>
        <WordsForm first={{ name, note }} verb="Rename" save={(words) => change(words).then(done)} cancel={done} />
      </li>
    );
  const facts = [of, who && `by ${who}`, moment(savedAt), isHere && "kept in this browser"].filter(Boolean);
  return (
    <li>
      <div className="saved-head">
        <div>
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: Enter on the link inside is a click, too */}
          <strong onClick={isGone ? undefined : went}>
            {isGone ? (
              <bdi>{name}</bdi>
            ) : (
              <AppLink to={openedAt?.(to) ?? to} isFresh={openedAt !== undefined}>
                <bdi>{name}</bdi>
              </AppLink>
            )}
          </strong>
          <small>{facts.join(" · ")}</small>
        </div>
        {doing?.what === "remove" && remove ? (
          <span className="row">
            Remove it?
            <button type="button" onClick={() => void remove().then(done, setError)}>
              Remove
            </button>
            <button type="button" onClick={done}>
              Keep
            </button>
          </span>
        ) : (
          (change || remove) && (
            <span className="row">
              <button
                type="button"
                className="bare"
                aria-label={`Rename ${name}`}
                onClick={() => setDoing({ what: "rename", to: saved })}
              >
                Rename
              </button>
              <button
                type="button"
                className="bare"
                aria-label={`Remove ${name}`}
                onClick={() => setDoing({ what: "remove", to: saved })}
              >
                Remove
              </button>
            </span>
          )
        )}
      </div>
      {isGone && <p className="warn">⚠ Its volume is not here now: the view is kept for when it is again.</p>}
      {note !== "" && (
        <p className="words">
          <bdi>{note}</bdi>
        </p>
      )}
      {error !== undefined && <ErrorPanel error={error} />}
    </li>
  );
}
