import Primitives

/// What decides the answer to a request.
package struct Request: Hashable, Sendable {
    package enum Method: Hashable, Sendable {
        case get
        case head
        case other
    }

    package var method: Method
    /// As it stood in the request line.
    package var target: ByteString
    /// The values of the fields of this name, in order.
    package var ifNoneMatch: [ByteString]
    package var ifRange: [ByteString]
    package var range: [ByteString]

    package init(
        _ method: Method, _ target: ByteString,
        ifNoneMatch: [ByteString] = [], ifRange: [ByteString] = [], range: [ByteString] = []
    ) {
        self.method = method
        self.target = target
        self.ifNoneMatch = ifNoneMatch
        self.ifRange = ifRange
        self.range = range
    }
}

/// The answer to a request. A file is given by its position in `Catalogue.files`.
package enum Answer: Hashable, Sendable {
    case whole(Int)
    /// The range is inside the file and not empty.
    case part(Int, Range<Int>)
    case notModified(Int)
    case unsatisfiableRange(Int)
    case failure(Failure)
}

extension Catalogue {
    /// Decides; the same request to the same publication always has the same answer.
    package func answer(to request: Request) -> Answer {
        guard request.method != .other else { return .failure(.methodNotAllowed) }
        guard let path = RequestPath.decode(request.target), let position = position(of: path) else {
            return .failure(.notFound)
        }
        let tag = files[position].entityTag
        // RFC 9110, 13.2.2: If-None-Match before If-Range.
        if request.ifNoneMatch.contains(where: { EntityTag.isListed(tag, in: $0) }) { return .notModified(position) }
        guard isRangeWanted(request, tag) else { return .whole(position) }
        switch ByteRange(request.range.first, length: files[position].size) {
        case .whole: return .whole(position)
        case .part(let range): return .part(position, range)
        case .unsatisfiable: return .unsatisfiableRange(position)
        }
    }

    /// A range is defined for GET only, and several fields of a kind that must stand alone mean nothing.
    private func isRangeWanted(_ request: Request, _ tag: [UInt8]) -> Bool {
        guard request.method == .get, request.range.count == 1, request.ifRange.count <= 1 else { return false }
        return request.ifRange.first.map { EntityTag.allowsRange(tag, $0) } ?? true
    }
}
