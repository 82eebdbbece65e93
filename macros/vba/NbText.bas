Attribute VB_Name = "NbText"
' Characters and bytes: what the language lacks. Nothing here knows of workbooks.
Option Explicit

Private Function Digits64() As String
    Digits64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
End Function

' Stops what is going on, with words for the user that have no full stop at their end.
Public Sub Refuse(ByVal words As String)
    Err.Raise 20513, "nianbao", words
End Sub

' A text from its UTF-16 units in hexadecimal. The build writes every Chinese text as a call of it.
Public Function U(ByVal codes As String) As String
    Dim parts As Variant, i As Long
    parts = Split(codes, " ")
    For i = LBound(parts) To UBound(parts)
        parts(i) = ChrW(CLng("&H" & parts(i)))
    Next
    U = Join(parts, "")
End Function

' Bytes in UTF-8 -> text. A byte that has no place there becomes U+FFFD.
Public Function TextFromUtf8(data() As Byte) As String
    Dim pieces() As String, count As Long, at As Long, last As Long, code As Long
    last = UBound(data)
    at = LBound(data)
    If last < at Then Exit Function
    ReDim pieces(0 To last - at)
    Do While at <= last
        code = NextCode(data, at)
        If code < 65536 Then
            pieces(count) = ChrW(Signed16(code))
        Else
            code = code - 65536
            pieces(count) = ChrW(Signed16(55296 + code \ 1024)) & ChrW(Signed16(56320 + code Mod 1024))
        End If
        count = count + 1
    Loop
    ReDim Preserve pieces(0 To count - 1)
    TextFromUtf8 = Join(pieces, "")
End Function

' ChrW takes a signed number of 16 bits.
Private Function Signed16(ByVal code As Long) As Long
    If code > 32767 Then code = code - 65536
    Signed16 = code
End Function

Private Function NextCode(data() As Byte, at As Long) As Long
    Dim code As Long, more As Long, first As Long
    first = data(at)
    at = at + 1
    Select Case first
    Case 0 To 127: NextCode = first: Exit Function
    Case 192 To 223: more = 1: code = first And 31
    Case 224 To 239: more = 2: code = first And 15
    Case 240 To 247: more = 3: code = first And 7
    Case Else: NextCode = 65533: Exit Function
    End Select
    Do While more > 0
        If at > UBound(data) Then NextCode = 65533: Exit Function
        If (data(at) And 192) <> 128 Then NextCode = 65533: Exit Function
        code = code * 64 + (data(at) And 63)
        at = at + 1
        more = more - 1
    Loop
    If code > 1114111 Then code = 65533
    NextCode = code
End Function

Public Function Base64FromBytes(data() As Byte) As String
    Dim digits As String, quads() As String, at As Long, last As Long, i As Long
    Dim a As Long, b As Long, c As Long
    digits = Digits64()
    last = UBound(data)
    If last < LBound(data) Then Exit Function
    ReDim quads(0 To (last - LBound(data)) \ 3)
    For at = LBound(data) To last Step 3
        a = data(at)
        b = 0
        c = 0
        If at + 1 <= last Then b = data(at + 1)
        If at + 2 <= last Then c = data(at + 2)
        quads(i) = Mid(digits, a \ 4 + 1, 1) & Mid(digits, (a And 3) * 16 + b \ 16 + 1, 1) & _
            Mid(digits, (b And 15) * 4 + c \ 64 + 1, 1) & Mid(digits, (c And 63) + 1, 1)
        If at + 1 > last Then
            quads(i) = Left(quads(i), 2) & "=="
        ElseIf at + 2 > last Then
            quads(i) = Left(quads(i), 3) & "="
        End If
        i = i + 1
    Next
    Base64FromBytes = Join(quads, "")
End Function

' Text in Base64, without line breaks -> bytes. The text must not be empty.
Public Function BytesFromBase64(ByVal text As String) As Variant
    Dim value(0 To 255) As Long, digits As String, out() As Byte
    Dim i As Long, size As Long, word As Long, at As Long
    If Len(text) = 0 Or Len(text) Mod 4 <> 0 Then Refuse "文件内容不完整"
    digits = Digits64()
    For i = 1 To 64
        value(Asc(Mid(digits, i, 1))) = i - 1
    Next
    size = (Len(text) \ 4) * 3
    ReDim out(0 To size - 1)
    For i = 1 To Len(text) Step 4
        word = value(Asc(Mid(text, i, 1))) * 262144 + value(Asc(Mid(text, i + 1, 1))) * 4096 + _
            value(Asc(Mid(text, i + 2, 1))) * 64 + value(Asc(Mid(text, i + 3, 1)))
        out(at) = word \ 65536
        out(at + 1) = (word \ 256) And 255
        out(at + 2) = word And 255
        at = at + 3
    Next
    If Right(text, 2) = "==" Then
        ReDim Preserve out(0 To size - 3)
    ElseIf Right(text, 1) = "=" Then
        ReDim Preserve out(0 To size - 2)
    End If
    BytesFromBase64 = out
End Function
