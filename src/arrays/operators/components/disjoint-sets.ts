/** Union-find over 1, 2, 3, …; the representative of a set is its smallest member. Grows as members are added: 4 bytes each. */
export class DisjointSets {
  private parents = new Uint32Array(1024);
  count = 0;

  /** @param count members to begin with */
  constructor(count = 0) {
    if (count >= this.parents.length) this.parents = new Uint32Array(count + 1);
    while (this.count < count) this.add();
  }

  /** A new member, in a set of its own. */
  add(): number {
    const member = ++this.count;
    if (member >= this.parents.length) {
      const larger = new Uint32Array(2 * this.parents.length);
      larger.set(this.parents);
      this.parents = larger;
    }
    this.parents[member] = member;
    return member;
  }

  find(member: number): number {
    const { parents } = this;
    let at = member;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]!]!;
      at = parents[at]!;
    }
    return at;
  }

  /** Makes one set of two. Answers whether they were two. */
  join(a: number, b: number): boolean {
    const [first, second] = [this.find(a), this.find(b)];
    if (first === second) return false;
    if (first < second) this.parents[second] = first;
    else this.parents[first] = second;
    return true;
  }
}
