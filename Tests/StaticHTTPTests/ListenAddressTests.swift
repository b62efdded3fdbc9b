import Primitives
import StaticHTTP
import Testing

@Suite("Addresses to listen on")
struct ListenAddressTests {
    @Test(
        "are a number and a port",
        arguments: [
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("0.0.0.0:0", "http://0.0.0.0:0/"),
            ("[::1]:65535", "http://[::1]:65535/"),
        ])
    func accepted(text: String, url: String) throws {
        #expect(try ListenAddress(text).url == url)
    }

    @Test(
        "are nothing else",
        arguments: [
            "", ":", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "localhost:80",
            "::1:80", "[127.0.0.1]:80", "[::1]", "[]:80", "127.0.0.1:80 ", "127.1:80",
        ])
    func refused(text: String) {
        #expect(throws: ServingFault(.invalidAddress, found: text)) { try ListenAddress(text) }
    }
}
