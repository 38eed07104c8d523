import { useEffect, useRef } from "react";
import { SAVED_LETTERS } from "../../src/model/saved-view.js";
import { AppLink } from "../parts/app-link.js";
import { chosenOf } from "../parts/list/chips.js";
import type { ListSpec } from "../parts/list/spec.js";
import type { ListState } from "../parts/list/state.js";
import { notify } from "../parts/page.js";
import { addressBelow, keepHere } from "./kept-here.js";
import type { Words } from "./saved.js";
import { WordsForm } from "./words-form.js";

interface SaveSearchProps {
  readonly spec: Pick<ListSpec<{ readonly id: number }>, "of" | "many">;
  readonly state: ListState;
  close(): void;
}

/** Gives a name to a list with what is chosen in it. */
export function SaveSearch({ spec, state, close }: SaveSearchProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const end = () => dialog.current?.close();
  const chosen = spec.of === "depositions" ? [] : chosenOf(spec.of, state).map(({ label }) => label);
  const list = `${spec.many[0]!.toUpperCase()}${spec.many.slice(1)}`;
  const save = async (words: Words) => {
    // the place that one has scrolled to is no part of it
    const to = addressBelow(location.href)
      .replace(/[?&]row=\d+$/, "")
      .replace(/([?&])row=\d+&/, "$1");
    keepHere({ ...words, to, of: list });
    notify(`Search saved: ${words.name}`);
    end();
  };
  const name = [list, chosen.join(", ")].filter(Boolean).join(": ").slice(0, SAVED_LETTERS.name);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="search-title" className="saved-dialog">
      <h2 id="search-title">Save this search</h2>
      <WordsForm first={{ name, note: "" }} verb="Save this search" save={save} cancel={end}>
        <p className="muted">
          Filters, order and layout, as they are now. The search is kept in this browser:{" "}
          <AppLink to="/saved">all that is saved</AppLink>.
        </p>
      </WordsForm>
    </dialog>
  );
}
