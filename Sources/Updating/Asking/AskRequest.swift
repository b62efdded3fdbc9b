import CanonicalJSON
import Primitives
import Releases
import Signatures
import Transport

/// One request, as the agent hands it to the process that asks servers.
enum AskRequest: Hashable {
    case file(HTTPRequest)
    case part(url: String, offset: Int, limit: Int)
    case rest(url: String, offset: Int, length: Int)

    var url: String {
        switch self {
        case .file(let request): request.url
        case .part(let url, _, _), .rest(let url, _, _): url
        }
    }

    /// Bytes that an answer may have.
    var limit: Int {
        switch self {
        case .file(let request): request.limit
        case .part(_, _, let limit): limit
        case .rest(_, let offset, let length): max(0, length - offset)
        }
    }

    /// How long the answer may take.
    func patience(_ limits: TransportLimits) -> Duration {
        switch self {
        case .file: limits.fetch
        // A server that does not serve parts is asked twice.
        case .part(_, 0, let limit): limits.patience(for: limit)
        case .part(_, let offset, let limit):
            limits.patience(for: limit)
                + limits.patience(for: offset.addingReportingOverflow(limit).overflow ? .max : offset + limit)
        case .rest: limits.patience(for: limit)
        }
    }

    // MARK: as text

    var encoding: [UInt8] {
        func number(_ value: Int) -> JSONValue { .integer(Int64(value)) }
        var object: JSONObject = ["url": .string(ByteString(url))]
        switch self {
        case .file(let request):
            object["limit"] = number(request.limit)
            if let held = request.ifNoneMatch { object["held"] = .string(ByteString(held.hex)) }
        case .part(_, let offset, let limit):
            object["offset"] = number(offset)
            object["limit"] = number(limit)
        case .rest(_, let offset, let length):
            object["offset"] = number(offset)
            object["length"] = number(length)
        }
        return JSONValue.object(object).lineEncoding
    }

    init(_ bytes: [UInt8]) throws {
        let value = try JSONValue.decode(bytes, limits: JSONLimits(bytes: AskFrame.Kind.request.limit, depth: 2))
        let reader = JSONReader(value, at: "request")
        func number(_ name: ByteString) throws -> Int? {
            try reader.optionalField(name)?.integer(in: 0...Int64.max)
        }
        let url = try reader.field("url").string().description
        let limit = try number("limit")
        switch (try number("offset"), limit, try number("length")) {
        case (let offset?, nil, let length?): self = .rest(url: url, offset: offset, length: length)
        case (let offset?, let limit?, nil): self = .part(url: url, offset: offset, limit: limit)
        case (nil, let limit?, nil):
            self = .file(HTTPRequest(url: url, limit: limit, ifNoneMatch: try reader.optionalField("held")?.digest()))
        default: throw reader.invalid(expected: "a request")
        }
    }
}
