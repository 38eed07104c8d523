import { type ComponentProps, lazy, Suspense } from "react";
import type { SaveSearch as Dialog } from "./save-search.js";

const SaveSearch = lazy(() => import("./save-search.js").then(({ SaveSearch: part }) => ({ default: part })));

/** The dialog that saves a search. Lists lead to it by this file: the names of its styles would be part of the weight of every list. */
export default function SearchDialog(parts: ComponentProps<typeof Dialog>) {
  return (
    <Suspense>
      <SaveSearch {...parts} />
    </Suspense>
  );
}
