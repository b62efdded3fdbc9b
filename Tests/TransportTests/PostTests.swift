import Primitives
import Synchronization
import TestSupport
import Testing
import Transport

@Suite("Posting to several servers")
struct PostTests {
    private struct Stop: Error {}

    @Test("sends each its body, asks again over the same connection, and gives back every status")
    func exchange() throws {
        let server = try HostileServer { request, count in
            count == 0
                ? .status(409, headers: ["Content-Type: text/x.size"], body: request.body)
                : .status(200, body: request.body)
        }
        var answers: [Int: [HTTPAnswer]] = [:]
        let posts = (0..<5).map { HTTPPost(url: "\(server.url)\($0)", body: Array("body \($0)".utf8), limit: 100) }
        try HTTPClient().post(posts, patience: .seconds(20)) { place, result in
            answers[place, default: []].append(try result.get())
            let next = HTTPPost(url: posts[place].url, body: [], limit: 0)
            return HTTPPostReaction(next: answers[place]?.count == 1 ? next : nil)
        }
        #expect(answers.count == 5)
        for (place, both) in answers {
            #expect(both.map(\.status) == [409, 200])
            #expect(both.map(\.body) == [Array("body \(place)".utf8), []])
            #expect(both.map(\.contentType) == ["text/x.size", nil])
        }
        #expect(server.requests.count == 10)
        #expect(server.connectionCount == 5)
        for request in server.requests {
            #expect(request.method == "POST")
            #expect(request.header("user-agent") == "sceau-agent")
            #expect(request.header("content-type") == "text/plain; charset=utf-8")
            #expect(request.header("expect") == nil)
        }
    }

    @Test("ends in time, and names those who did not answer once each")
    func patience() throws {
        let server = try HostileServer { request, _ in request.path == "/good" ? .status(200) : .silence }
        let urls = ["silent", "good", "silent"].map { HTTPPost(url: server.url + $0, body: [1], limit: 10) }
        var seen: [Int: TransportFaultCode?] = [:]
        try HTTPClient().post(urls, patience: .seconds(60)) { place, result in
            #expect(seen[place] == nil)
            if case .failure(let fault) = result { seen[place] = fault.code } else { seen[place] = .some(nil) }
            return HTTPPostReaction(patience: .milliseconds(50))
        }
        #expect(seen == [0: .timedOut, 1: nil, 2: .timedOut])
    }

    @Test("keeps to the limits of an answer, of any status, and follows no redirect")
    func limits() throws {
        let table: [String: ServerBehaviour] = [
            "/long": .status(500, body: [UInt8](repeating: 0, count: 11)), "/endless": .endless,
            "/headers": .endlessHeaders, "/away": .redirect(to: "http://127.0.0.1:1/"),
            "/exact": .status(404, body: [UInt8](repeating: 0, count: 10)),
            "/short": .breakOff(file: [1, 2, 3, 4], after: 2),
        ]
        let server = try HostileServer(table)
        let names = table.keys.sorted() + ["nowhere"]
        let posts =
            names.map { HTTPPost(url: server.url + $0.dropFirst(), body: [], limit: 10) }
            + [HTTPPost(url: "file:///etc/passwd", body: [], limit: 10)]
        var found: [String: String] = [:]
        try HTTPClient().post(posts, patience: .seconds(20)) { place, result in
            let name = place < names.count ? names[place] : "file"
            switch result {
            case .success(let answer): found[name] = "\(answer.status)"
            case .failure(let fault): found[name] = fault.codeText
            }
            return HTTPPostReaction()
        }
        #expect(
            found == [
                "/long": "transport/too-long", "/endless": "transport/too-long", "/headers": "transport/too-long",
                "/away": "302", "/exact": "404", "/short": "transport/truncated", "nowhere": "404",
                "file": "transport/invalid-url",
            ])
    }

    @Test("stops when told to, and the client can be used again")
    func stopping() throws {
        let server = try HostileServer { request, _ in request.path == "/silent" ? .silence : .file([7]) }
        let client = try HTTPClient()
        let posts = ["good", "silent"].map { HTTPPost(url: server.url + $0, body: [], limit: 10) }
        #expect(throws: Stop.self) {
            try client.post(posts, patience: .seconds(60)) { _, _ in throw Stop() }
        }
        #expect(try client.fetch(HTTPRequest(url: server.url + "good", limit: 10)) == .ok([7]))
        try client.post([], patience: .seconds(1)) { _, _ in throw Stop() }
    }
}
