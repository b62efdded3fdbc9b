import Primitives

/// A JSON value together with the path that led to it, so that each fault says where.
package struct JSONReader: Sendable {
    package let value: JSONValue
    package let path: String

    package init(_ value: JSONValue, at path: String) {
        self.value = value
        self.path = path
    }

    package func object() throws(JSONFault) -> JSONObject {
        guard case .object(let object) = value else { throw wrongType("an object") }
        return object
    }

    package func array() throws(JSONFault) -> JSONElements {
        guard case .array(let elements) = value else { throw wrongType("an array") }
        return JSONElements(elements, at: path)
    }

    package func string() throws(JSONFault) -> ByteString {
        guard case .string(let text) = value else { throw wrongType("a string") }
        return text
    }

    package func bool() throws(JSONFault) -> Bool {
        guard case .bool(let flag) = value else { throw wrongType("true or false") }
        return flag
    }

    /// An integer within `range`.
    package func integer(in range: ClosedRange<Int64>) throws(JSONFault) -> Int {
        guard case .integer(let number) = value else { throw wrongType("an integer") }
        guard range.contains(number), let result = Int(exactly: number) else {
            throw JSONFault(
                .invalidValue, found: "\(number)", expected: "\(range.lowerBound) to \(range.upperBound)", at: path)
        }
        return result
    }

    /// The member `name` of this object.
    package func field(_ name: ByteString) throws(JSONFault) -> JSONReader {
        guard let field = try optionalField(name) else {
            throw JSONFault(.missingField, expected: "\"\(name)\"", at: path)
        }
        return field
    }

    package func optionalField(_ name: ByteString) throws(JSONFault) -> JSONReader? {
        try object()[name].map { JSONReader($0, at: "\(path).\(name)") }
    }

    /// The members of this object, in byte order of their names.
    package func members() throws(JSONFault) -> [(name: ByteString, reader: JSONReader)] {
        try object().members.map { ($0.name, JSONReader($0.value, at: "\(path).\($0.name)")) }
    }

    package func invalid(expected: String) -> JSONFault {
        let found: String? = if case .string(let text) = value { "\"\(text)\"" } else { nil }
        return JSONFault(.invalidValue, found: found, expected: expected, at: path)
    }

    private func wrongType(_ expected: String) -> JSONFault {
        JSONFault(.wrongType, found: value.typeName, expected: expected, at: path)
    }
}

/// The elements of an array, each with its path, made one at a time: text of 5 MB may hold millions, and is read before
/// anybody knows who wrote it.
package struct JSONElements: Sequence, IteratorProtocol {
    private let values: [JSONValue]
    private let path: String
    private var index = 0

    fileprivate init(_ values: [JSONValue], at path: String) {
        self.values = values
        self.path = path
    }

    package mutating func next() -> JSONReader? {
        guard index < values.count else { return nil }
        defer { index += 1 }
        return JSONReader(values[index], at: "\(path)[\(index)]")
    }
}

extension JSONValue {
    var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer: "an integer"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
