import Primitives

/// A part of a file, into memory: from some byte on, as far as the file goes.
extension HTTPClient {
    package func fetch(
        _ url: String, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        if offset > 0 {
            switch try fetchPart(url, from: offset, limit: limit, into: sink) {
            case .found: return true
            case .notFound: return false
            case .noParts: break
            }
        }
        return try fetchWhole(url, skipping: offset, limit: limit, into: sink)
    }

    private enum PartAnswer {
        case found
        case notFound
        case noParts
    }

    private func fetchPart(
        _ url: String, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> PartAnswer {
        try withoutActuallyEscaping(sink) { sink in
            let exchange = Exchange(
                url: url, requestHeaders: ["Range: bytes=\(offset)-"], wantedStatus: 206, limit: limit,
                headerLimit: limits.headers,
                checkHead: { (head: AnswerHead) throws(TransportFault) in
                    // Bytes of another part must not be taken for those asked for.
                    guard head.contentRange?.first == offset else {
                        throw TransportFault(
                            .unexpectedRange, found: head.contentRange?.description ?? "no range",
                            expected: "bytes from \(offset) on", at: HTTPAddress.displayed(url))
                    }
                }, sink: { try sink($0) })
            let head = try run(exchange, within: limits.patience(for: limit))
            if let error = exchange.sinkError { throw error }
            switch head.status {
            case 206: return .found
            // 416: the file is shorter than that, which the whole file will show.
            case 200, 416: return .noParts
            case 403, 404, 410: return .notFound
            default: throw exchange.unexpected(head, expected: "206")
            }
        }
    }

    private func fetchWhole(
        _ url: String, skipping offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        var missing = offset
        return try withoutActuallyEscaping(sink) { sink in
            let exchange = Exchange(
                url: url, requestHeaders: [], wantedStatus: 200, limit: offset + limit, headerLimit: limits.headers
            ) { bytes in
                let skipped = min(missing, bytes.count)
                missing -= skipped
                if skipped < bytes.count { try sink(UnsafeRawBufferPointer(rebasing: bytes[skipped...])) }
            }
            let head = try run(exchange, within: limits.patience(for: offset + limit))
            if let error = exchange.sinkError { throw error }
            switch head.status {
            case 200: break
            case 403, 404, 410: return false
            default: throw exchange.unexpected(head, expected: "200")
            }
            guard missing == 0 else {
                throw TransportFault(
                    .truncated, found: "\(offset - missing) bytes", expected: "at least \(offset)",
                    at: HTTPAddress.displayed(url))
            }
            return true
        }
    }
}
