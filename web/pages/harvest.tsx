import { Link } from "@tanstack/react-router";
import { Unreadable, useKept } from "../kept/kept.js";
import { moment, plural } from "../parts/format.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Answer, Empty } from "../parts/states.js";

const COMPARE = "emporium harvest compare file_metadata.json --web web_metadata.json";

/** Comparisons of data sets that are in the workspace. */
export function Harvest() {
  useCrumbs({ label: "Harvest" });
  useCommand({ line: COMPARE });
  const asked = useKept("harvest/sets");
  return (
    <div className="page">
      <h1>Harvest</h1>
      <Answer asked={asked}>
        {({ kept, unreadable }) =>
          kept.length + unreadable === 0 ? (
            <NoComparison />
          ) : (
            <>
              <p className="muted">{plural(kept.length, "comparison")} in this server's workspace.</p>
              <table className="phone-cards">
                <thead>
                  <tr>
                    <th scope="col">Comparison</th>
                    <th scope="col">Made</th>
                  </tr>
                </thead>
                <tbody>
                  {kept.map(({ id, at }) => (
                    <tr key={id}>
                      <th scope="row">
                        <Link to="/harvest/compare" search={{ set: id }}>
                          {id}
                        </Link>
                      </th>
                      <td>{moment(at)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <Unreadable files={unreadable} />
            </>
          )
        }
      </Answer>
    </div>
  );
}

export const NoComparison = () => (
  <Empty command={COMPARE}>
    No comparison yet. This command compares data sets, by their files and by what their portals say, and keeps the result in the
    workspace; serve has to run with the same --workspace.
  </Empty>
);
