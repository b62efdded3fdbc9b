import CanonicalJSON
import Primitives

/// Where two JSON values differ.
enum JSONDifference {
    /// Paths such as `roles.root.threshold`, in order; where one value has no such member, the path ends there.
    static func paths(_ left: JSONValue, _ right: JSONValue, at path: String = "") -> [String] {
        guard left != right else { return [] }
        guard case .object(let first) = left, case .object(let second) = right else {
            return [path.isEmpty ? "everything" : path]
        }
        let names = Set(first.members.map(\.name)).union(second.members.map(\.name)).sorted()
        return names.flatMap { name -> [String] in
            let inner = (path.isEmpty ? "" : path + ".") + Shown.text(name, limit: 100)
            guard let old = first[name], let new = second[name] else {
                return first[name] == second[name] ? [] : [inner]
            }
            return paths(old, new, at: inner)
        }
    }
}
