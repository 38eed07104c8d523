import { z } from "zod";

const Name = z.string().min(1).max(253);

/** Settings of a profile for Kubernetes. */
export const KubernetesSettings = z.strictObject({
  /** Has the program. */
  image: z.string().min(1).max(1_000),
  namespace: Name.optional(),
  /** Context of the kubeconfig. */
  context: Name.optional(),
  service_account: Name.optional(),
  /** Secrets whose fields become variables of the containers: credentials of buckets. */
  secrets: z.array(Name).optional(),
  /** Persistent volume claims, and where containers see them. */
  claims: z.record(Name, z.string().startsWith("/")).optional(),
});
export type KubernetesSettings = z.output<typeof KubernetesSettings>;
