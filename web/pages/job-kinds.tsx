import { Link } from "@tanstack/react-router";
import { formOf, nameOf, useJobForms } from "../parts/job-forms.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Answer, Empty } from "../parts/states.js";
import { useWriting } from "../parts/writing.js";

/** Commands that can be started from a page. */
export function JobKinds() {
  useCrumbs({ label: "Jobs", to: "/jobs" }, { label: "New" });
  useCommand({ line: "emporium --help" });
  const isWriting = useWriting("write");
  return (
    <div className="page">
      <h1>New job</h1>
      {isWriting ? (
        <Kinds />
      ) : (
        <Empty command="emporium --help">
          This page only reads. With <code>emporium serve --write --token-file FILE</code> it plans and starts commands of this
          program.
        </Empty>
      )}
    </div>
  );
}

function Kinds() {
  const asked = useJobForms();
  return (
    <Answer asked={asked}>
      {({ kinds }) => (
        <>
          <p>Each is planned first: the plan says what it would read and write, and starts nothing.</p>
          <ul>
            {kinds.map(({ kind, summary }) => (
              <li key={kind}>
                <Link to={formOf(kind)}>{nameOf(kind)}</Link>: {summary}
              </li>
            ))}
          </ul>
        </>
      )}
    </Answer>
  );
}
