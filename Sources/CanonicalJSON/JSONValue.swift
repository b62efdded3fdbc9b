import Primitives

/// A JSON value as TUF knows it: integers only, object keys in byte order and unique.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case string(ByteString)
    case array([JSONValue])
    case object(JSONObject)
}

/// Members of an object, kept in ascending byte order of their names; a name occurs once.
package struct JSONObject: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package let name: ByteString
        package var value: JSONValue

        package init(_ name: ByteString, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var members: [Member]

    package init() {
        members = []
    }

    /// Sorts `members`. Returns nil when a name occurs twice.
    package init?(_ members: [Member]) {
        self.members = members
        // Most files are written in order.
        guard !hasAscendingNames else { return }
        self.members.sort { $0.name < $1.name }
        guard hasAscendingNames else { return nil }
    }

    /// Each name below the next one: in order, and none twice.
    private var hasAscendingNames: Bool {
        zip(members, members.dropFirst()).allSatisfy { $0.name < $1.name }
    }

    package subscript(name: ByteString) -> JSONValue? {
        get {
            let index = insertionIndex(of: name)
            return index < members.count && members[index].name == name ? members[index].value : nil
        }
        set {
            let index = insertionIndex(of: name)
            let present = index < members.count && members[index].name == name
            switch (newValue, present) {
            case (let value?, true): members[index].value = value
            case (let value?, false): members.insert(Member(name, value), at: index)
            case (nil, true): members.remove(at: index)
            case (nil, false): break
            }
        }
    }

    /// The members whose names are not in `known`: fields of a newer format, kept because signatures cover them.
    package func removing(_ known: [ByteString]) -> JSONObject {
        var result = JSONObject()
        result.members = members.filter { !known.contains($0.name) }
        return result
    }

    private func insertionIndex(of name: ByteString) -> Int {
        var low = 0
        var high = members.count
        while low < high {
            let middle = low + (high - low) / 2
            if members[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// A later entry replaces an earlier one of the same name: only for values written in source code.
    package init(dictionaryLiteral elements: (ByteString, JSONValue)...) {
        self.init()
        for (name, value) in elements { self[name] = value }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(ByteString(value)) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (ByteString, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}
