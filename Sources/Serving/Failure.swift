/// An answer that is not a file.
package enum Failure: Int, CaseIterable, Sendable {
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case requestTimeout = 408
    case contentTooLarge = 413
    case headTooLarge = 431
    case unavailable = 503
    case versionNotSupported = 505

    var reason: String {
        switch self {
        case .badRequest: "Bad Request"
        case .notFound: "Not Found"
        case .methodNotAllowed: "Method Not Allowed"
        case .requestTimeout: "Request Timeout"
        case .contentTooLarge: "Content Too Large"
        case .headTooLarge: "Request Header Fields Too Large"
        case .unavailable: "Service Unavailable"
        case .versionNotSupported: "HTTP Version Not Supported"
        }
    }

    /// The few words a person at a terminal sees.
    package var body: [UInt8] {
        let words =
            switch self {
            case .badRequest: "this is not a request we understand"
            case .notFound: "nothing of this name is published here"
            case .methodNotAllowed: "what is here can be read (GET, HEAD), nothing else"
            case .requestTimeout: "the request took too long to arrive"
            case .contentTooLarge: "requests with a body are not taken"
            case .headTooLarge: "the head of the request is too long"
            case .unavailable: "this cannot be had just now; please ask again"
            case .versionNotSupported: "only HTTP/1.1 and HTTP/1.0 are spoken here"
            }
        return Array((words + "\n").utf8)
    }
}
