internal import Glibc
import Signatures

/// One connection of the hostile server, on its own thread.
struct ServerConnection {
    private let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// The next request, or nil when the client has gone.
    func readRequest() -> HostileServer.Request? {
        var bytes: [UInt8] = []
        // A byte at a time is slow and right: what follows belongs to the next request.
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            var byte: UInt8 = 0
            guard bytes.count < 64 << 10, recv(descriptor, &byte, 1, 0) == 1 else { return nil }
            bytes.append(byte)
            switch bytes {
            case [0x16]:
                // A TLS handshake would never reach the blank line: answer as servers do that speak none.
                _ = sendHead(400, [])
                return nil
            case [0x05]:
                // SOCKS: we are every host there is.
                guard acceptSOCKS() else { return nil }
                bytes = []
            default: break
            }
        }
        var lines = String(decoding: bytes.dropLast(4), as: UTF8.self).split(separator: "\r\n").map(String.init)
        let parts = lines.removeFirst().split(separator: " ")
        guard parts.count == 3 else { return nil }
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
        guard let body = length.map({ $0 == 0 ? [] : receive(min($0, 1 << 20)) }) ?? [] else { return nil }
        return HostileServer.Request(
            method: String(parts[0]), path: String(parts[1]), headerLines: lines, body: body, head: bytes)
    }

    /// The rest of a SOCKS 5 greeting and of a request by host name (RFC 1928); any other kind of address is refused.
    private func acceptSOCKS() -> Bool {
        guard let methods = receive(1)?.first, receive(Int(methods)) != nil, send([5, 0]),
            let head = receive(5), head.starts(with: [5, 1, 0, 3]), receive(Int(head[4]) + 2) != nil
        else { return false }
        return send([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    }

    private func receive(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return recv(descriptor, &bytes, count, Int32(MSG_WAITALL)) == count ? bytes : nil
    }

    /// False when the connection is to be closed.
    func answer(_ request: HostileServer.Request, _ behaviour: ServerBehaviour) -> Bool {
        switch behaviour {
        case .file(let bytes): return sendFile(bytes, request)
        case .fileIgnoringRange(let bytes): return send(200, [], bytes, request)
        case .status(let status, let headers, let body): return send(status, headers, body, request)
        case .redirect(let target): return send(302, ["Location: " + target], [], request)
        case .endless:
            guard sendHead(200, []) else { return false }
            repeatSending([UInt8](repeating: 0x41, count: 4096))
        case .endlessHeaders:
            guard send(Array("HTTP/1.1 200 OK\r\n".utf8)) else { return false }
            repeatSending(Array("X-More: of the same\r\n".utf8))
        case .longHeader(let count):
            return send(200, ["X-Long: " + String(repeating: "a", count: count)], [], request)
        case .breakOff(let file, let after):
            sendBeginning(of: file, after, request)
        case .stall(let file, let after):
            sendBeginning(of: file, after, request)
            waitForClient()
        case .drip(let file):
            sendBeginning(of: file, 0, request)
            drip(file.dropFirst(rangeStart(request) ?? 0))
        case .silence:
            waitForClient()
        case .raw(let bytes):
            _ = send(bytes)
        case .hangUp, .sequence:
            break
        }
        return false
    }

    private func sendFile(_ bytes: [UInt8], _ request: HostileServer.Request) -> Bool {
        let etag = "\"\(Digest.sha256(of: bytes).hex)\""
        if request.header("if-none-match") == etag { return send(304, ["ETag: " + etag], nil, request) }
        guard let start = rangeStart(request) else { return send(200, ["ETag: " + etag], bytes, request) }
        guard start < bytes.count else { return send(416, ["Content-Range: bytes */\(bytes.count)"], [], request) }
        let range = "Content-Range: bytes \(start)-\(bytes.count - 1)/\(bytes.count)"
        return send(206, ["ETag: " + etag, range], Array(bytes[start...]), request)
    }

    private func sendBeginning(of file: [UInt8], _ count: Int, _ request: HostileServer.Request) {
        let start = min(rangeStart(request) ?? 0, file.count)
        let range = start == 0 ? [] : ["Content-Range: bytes \(start)-\(file.count - 1)/\(file.count)"]
        guard sendHead(start == 0 ? 200 : 206, ["Content-Length: \(file.count - start)"] + range) else { return }
        _ = send(Array(file[start...].prefix(count)))
    }

    private func rangeStart(_ request: HostileServer.Request) -> Int? {
        guard let value = request.header("range"), value.hasPrefix("bytes="), value.hasSuffix("-") else { return nil }
        return Int(value.dropFirst(6).dropLast())
    }

    // MARK: bytes

    private func send(_ status: Int, _ headers: [String], _ body: [UInt8]?, _ request: HostileServer.Request) -> Bool {
        let length = body.map { ["Content-Length: \($0.count)"] } ?? []
        guard sendHead(status, headers + length) else { return false }
        return request.method == "HEAD" || send(body ?? [])
    }

    private func sendHead(_ status: Int, _ headers: [String]) -> Bool {
        let lines = ["HTTP/1.1 \(status) \(status < 400 ? "OK" : "No")"] + headers + ["", ""]
        return send(Array(lines.joined(separator: "\r\n").utf8))
    }

    private func repeatSending(_ bytes: [UInt8]) {
        while send(bytes) {}
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private func drip(_ bytes: ArraySlice<UInt8>) {
        var client = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // Something to read means that the client has gone.
        for byte in bytes where poll(&client, 1, 50) != 0 || !send([byte]) { return }
    }

    private func waitForClient() {
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) > 0 {}
    }
}
