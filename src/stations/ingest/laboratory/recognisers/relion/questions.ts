import { groupsOf, keyOf } from "../../../../../core/groups.js";
import type { Question } from "../../claims.js";
import { theseFiles } from "../../questions.js";

/** Questions of one file each: those that differ in nothing but the file become one, which a person answers once. */
export function joinedQuestions(questions: readonly Question[]): Question[] {
  const groups = groupsOf(questions, ({ text, why = "", files, guess = "" }) => keyOf(text.replace(files[0]!, ""), why, guess));
  return [...groups.values()].map((group) => {
    const [first] = group as [Question, ...Question[]];
    if (group.length === 1) return first;
    const files = group.flatMap((one) => one.files);
    const options = first.options.map((option, at) => ({
      ...option,
      claims: group.flatMap((one) => one.options[at]!.claims),
    }));
    return { ...first, text: first.text.replace(first.files[0]!, theseFiles(files)), files, options };
  });
}
