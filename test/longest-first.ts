import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take longer than most. They begin first: begun last, one of them keeps a single core busy while the others have nothing left to
 * do; vitest itself goes by earlier runs, which a clean machine does not have, and else by the length of the file.
 */
const LONGEST = [
  /peers\/(slurm-full|cluster-(slurm|sge|stations)[\w-]*|engines|slurm|stream|serve-s3|serve-published|graphql-client|copick)\.test\.ts$/,
  /e2e\/(crash-loop|blocks-graph|cluster-publish|verify|validate-lab|lab-annotations|cli-examples|catalog-import)\.test\.ts$/,
  /faults\/(blocks|cluster|cluster-blocks|graph-kills)\.test\.ts$/,
  /write\/write-shards\.test\.ts$/,
];

/** Files with a process of their own come first, then project by project: a process takes the next file only where that is of its project. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.some((pattern) => pattern.test(moduleId));
    const projects = [...new Set(sorted.map(({ project }) => project))].sort(
      (one, other) => Number(other.config.isolate) - Number(one.config.isolate),
    );
    return projects.flatMap((project) => {
      const own = sorted.filter((file) => file.project === project);
      return [...own.filter(isLong), ...own.filter((file) => !isLong(file))];
    });
  }
}
