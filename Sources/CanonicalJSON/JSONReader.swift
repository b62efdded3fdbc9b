import Primitives

/// A JSON value together with the path that led to it, so that each fault says where.
package struct JSONReader: Sendable {
    package let value: JSONValue
    private let place: JSONPlace

    package init(_ value: JSONValue, at path: String) {
        self.init(value, .top(path))
    }

    fileprivate init(_ value: JSONValue, _ place: JSONPlace) {
        self.value = value
        self.place = place
    }

    package var path: String { place.path }

    package func object() throws(JSONFault) -> JSONObject {
        guard case .object(let object) = value else { throw wrongType("an object") }
        return object
    }

    package func array() throws(JSONFault) -> JSONElements {
        guard case .array(let elements) = value else { throw wrongType("an array") }
        return JSONElements(elements, at: place)
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
        try object()[name].map { JSONReader($0, .field(name, of: place)) }
    }

    /// The members of this object, in byte order of their names.
    package func members() throws(JSONFault) -> JSONMembers {
        JSONMembers(try object().members, at: place)
    }

    package func invalid(expected: String) -> JSONFault {
        let found: String? = if case .string(let text) = value { "\"\(text)\"" } else { nil }
        return JSONFault(.invalidValue, found: found, expected: expected, at: path)
    }

    private func wrongType(_ expected: String) -> JSONFault {
        JSONFault(.wrongType, found: value.typeName, expected: expected, at: path)
    }
}

/// The way from the whole text to a value in it. Put into words only when there is a fault to report: reading a file of
/// 10,000 targets takes 80,000 steps.
private indirect enum JSONPlace: Sendable {
    case top(String)
    case field(ByteString, of: JSONPlace)
    case element(Int, of: JSONPlace)

    var path: String {
        switch self {
        case .top(let path): path
        case .field(let name, let object): "\(object.path).\(name)"
        case .element(let index, let array): "\(array.path)[\(index)]"
        }
    }
}

/// The elements of an array, made one at a time: text of 5 MB may hold millions, and is read before anybody knows who
/// wrote it.
package struct JSONElements: Sequence, IteratorProtocol {
    private var values: IndexingIterator<[JSONValue]>
    private let place: JSONPlace
    private var index = 0

    fileprivate init(_ values: [JSONValue], at place: JSONPlace) {
        self.values = values.makeIterator()
        self.place = place
    }

    package mutating func next() -> JSONReader? {
        guard let value = values.next() else { return nil }
        defer { index += 1 }
        return JSONReader(value, .element(index, of: place))
    }
}

/// The members of an object, likewise.
package struct JSONMembers: RandomAccessCollection {
    private let members: [JSONObject.Member]
    private let place: JSONPlace

    fileprivate init(_ members: [JSONObject.Member], at place: JSONPlace) {
        self.members = members
        self.place = place
    }

    package var startIndex: Int { members.startIndex }
    package var endIndex: Int { members.endIndex }

    package subscript(index: Int) -> (name: ByteString, reader: JSONReader) {
        let member = members[index]
        return (member.name, JSONReader(member.value, .field(member.name, of: place)))
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
