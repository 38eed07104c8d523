import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { quoteWord } from "../../src/core/shell.js";
import { droppedBeside, droppedFile, OpenFile } from "../parts/open-file.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { openDropped } from "../viewer/dropped.js";
import { Volume } from "../viewer/volume.js";

/** Slices of a file that was dropped on the page. */
export function ViewDropped() {
  const { name = "" } = useParams({ strict: false });
  const file = droppedFile.use();
  return file?.name === name ? <Dropped file={file} /> : <Forgotten name={name} />;
}

function Dropped({ file }: { file: File }) {
  const beside = droppedBeside.use();
  const dropped = [file, ...beside].map(({ name, size, lastModified }) => [name, size, lastModified]);
  const asked = useQuery({
    queryKey: ["dropped", dropped],
    queryFn: () => openDropped(file, beside),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    meta: { stays: true },
    retry: false,
  });
  return (
    <Volume asked={asked}>
      <p>
        <OpenFile label="Open another file" />
      </p>
    </Volume>
  );
}

function Forgotten({ name }: { name: string }) {
  useCrumbs({ label: name });
  useCommand({ line: `emporium serve ${quoteWord(name)}` });
  return (
    <div className="page">
      <h1>{name}</h1>
      <p>
        This file was dropped on the page. A browser forgets such files when a page is left or loaded again: drop it again
        anywhere here, and its slice and contrast are as this address says.
      </p>
      <p>
        <OpenFile label={`Open ${name}`} />
      </p>
    </div>
  );
}
