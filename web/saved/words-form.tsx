import { type ReactNode, type SubmitEvent, useState } from "react";
import { SAVED_LETTERS } from "../../src/model/saved-view.js";
import { ErrorPanel } from "../parts/states.js";
import type { Words } from "./saved.js";
import "./saved.css";

interface WordsFormProps {
  readonly first: Words;
  readonly verb: string;
  /** Says where it will be kept. */
  readonly children?: ReactNode;
  save(words: Words): Promise<void>;
  cancel(): void;
}

/** A name and a note, to be given or changed. */
export function WordsForm({ first, verb, children, save, cancel }: WordsFormProps) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(given.get(name)).replaceAll("\r\n", "\n").trim();
    setBusy(true);
    setError(undefined);
    try {
      await save({ name: text("name"), note: text("note") });
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="saved-form" onSubmit={(event) => void submit(event)}>
      <label>
        Name
        <input
          name="name"
          className="large"
          required
          pattern=".*\S.*"
          maxLength={SAVED_LETTERS.name}
          defaultValue={first.name}
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: it is what one has opened this for
          autoFocus
        />
      </label>
      <label>
        Note
        <textarea name="note" className="large" rows={2} maxLength={SAVED_LETTERS.note} defaultValue={first.note} />
      </label>
      {children}
      {error !== undefined && <ErrorPanel error={error} />}
      <p className="row wrap">
        <button type="submit" className="primary" disabled={isBusy}>
          {verb}
        </button>
        <button type="button" onClick={cancel}>
          Cancel
        </button>
      </p>
    </form>
  );
}
