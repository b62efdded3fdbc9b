import NIOCore

/// Stands before the parser and tells the connection that bytes have come, so that a request that never ends is noticed;
/// drops what nobody will read.
final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if connection.willReceiveBytes() { context.fireChannelRead(data) }
    }
}
