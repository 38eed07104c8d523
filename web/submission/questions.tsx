import type { SubmissionQuestion } from "../../src/model/page-api.js";
import { count, plural } from "../parts/format.js";
import { Picture } from "./picture.js";
import { type PartProps, useFiles } from "./saying.js";

/** Questions whose files have their pictures beside them: each asks for its own. */
const PICTURED = 6;
const PICTURES = 4;
const OPEN_MAX = 50;

/** What the folder itself does not answer: the same list as in a terminal. */
export function Questions(part: PartProps) {
  const { questions } = part.account;
  const open = questions.filter(({ isAnswered }) => !isAnswered);
  const answered = questions.filter(({ isAnswered }) => isAnswered);
  return (
    <section aria-label="Questions" className="questions">
      <h2>Questions</h2>
      <p role="status">
        {open.length > 0
          ? `${plural(open.length, "question")} to answer`
          : questions.length === 0
            ? "✓ The folder answers everything itself."
            : "✓ All questions are answered."}
      </p>
      <div className="questions-open">
        {open.slice(0, OPEN_MAX).map((question, at) => (
          <Open key={question.id} {...part} question={question} isPictured={at < PICTURED} />
        ))}
      </div>
      {open.length > OPEN_MAX && <p className="muted">and {count(open.length - OPEN_MAX)} more, when these are answered</p>}
      {answered.length > 0 && (
        <details>
          <summary>{plural(answered.length, "answered question")}</summary>
          <ul className="hits">
            {answered.map(({ id, text, answer }) => (
              <li key={id}>
                <span>
                  {text} <strong>{answer}</strong>
                </span>
                <button
                  type="button"
                  disabled={part.change.isPending}
                  onClick={() => part.decide({ say: "answer", question: id, answer: null })}
                >
                  Ask again
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Open({
  id,
  account,
  change,
  decide,
  show,
  question,
  isPictured,
}: PartProps & { question: SubmissionQuestion; isPictured: boolean }) {
  const { id: name, text, why, unnamed, options, answer, files } = question;
  return (
    <fieldset className="panel question">
      <legend className="hidden">Question about {plural(files, "file")}</legend>
      <p>{text}</p>
      {why !== undefined && <p className="muted">{why}</p>}
      {unnamed.length > 0 && (
        <ul>
          {unnamed.map((path) => (
            <li key={path}>{path}</li>
          ))}
          {files > unnamed.length && <li className="muted">in all {plural(files, "file")}</li>}
        </ul>
      )}
      <div className="options">
        {options.map((option) => (
          <div key={option.answer}>
            <button
              type="button"
              disabled={change.isPending}
              onClick={() => decide({ say: "answer", question: name, answer: option.answer })}
            >
              {wordsOf(option)[0]}
            </button>{" "}
            <span>
              {wordsOf(option)[1]}
              {option.answer === answer && <span className="muted"> (default)</span>}
            </span>
          </div>
        ))}
      </div>
      {answer === undefined && <p className="muted">Until then {files === 1 ? "this file is" : "these files are"} left out.</p>}
      {isPictured && <Strip id={id} etag={account.etag} question={name} />}
      <button type="button" onClick={() => show({ question: name })}>
        Show {plural(files, "file")}
      </button>
    </fieldset>
  );
}

/** The word that a file of decisions has, and what it means; one of them where it says the other. */
const wordsOf = ({ answer, says }: SubmissionQuestion["options"][number]): readonly [string, string] =>
  says.startsWith(answer) && says.length < 24 ? [says, ""] : [answer, says];

function Strip({ id, etag, question }: { id: string; etag: string; question: string }) {
  const { data } = useFiles(id, etag, { question }, 0, PICTURES);
  const files = data?.files.filter(({ ref }) => ref !== undefined) ?? [];
  if (files.length === 0) return null;
  return (
    <ul className="sheet small">
      {files.map((file) => (
        <li key={file.path}>
          <Picture file={file} />
          <span className="name">{file.path}</span>
        </li>
      ))}
    </ul>
  );
}
