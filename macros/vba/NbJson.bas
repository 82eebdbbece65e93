Attribute VB_Name = "NbJson"
' JSON: writing values, reading a message. Objects and lists become a Collection.
Option Explicit

Private mText As String
Private mPos As Long

' ---------------------------------------------------------------- writing
' The text in quotation marks, all of it in ASCII, so that no code page can change it.
Public Function JsonText(ByVal text As String) As String
    Dim pieces() As String, i As Long, code As Long
    If Len(text) = 0 Then
        JsonText = """"""
        Exit Function
    End If
    ReDim pieces(1 To Len(text))
    For i = 1 To Len(text)
        code = AscW(Mid(text, i, 1))
        If code < 0 Then code = code + 65536
        Select Case code
        Case 34: pieces(i) = "\"""
        Case 92: pieces(i) = "\\"
        Case 32 To 126: pieces(i) = Chr(code)
        Case Else: pieces(i) = "\u" & Right("000" & Hex(code), 4)
        End Select
    Next
    JsonText = """" & Join(pieces, "") & """"
End Function

' A number with a point, whatever the computer's settings.
Public Function JsonNumber(ByVal value As Double) As String
    Dim text As String
    text = Trim(Str(value))
    If Left(text, 1) = "." Then text = "0" & text
    If Left(text, 2) = "-." Then text = "-0" & Mid(text, 2)
    JsonNumber = text
End Function

' ---------------------------------------------------------------- reading
' The message in `text`. What stands under the key `skipped` of any object is passed over.
Public Function JsonParse(ByVal text As String, ByVal skipped As String) As Collection
    Dim root As Variant
    mText = text
    mPos = 1
    SkipBlanks
    If Mid(mText, mPos, 1) <> "{" Then Wrong
    ReadValue root, skipped
    mText = ""
    Set JsonParse = root
End Function

Public Function HasKey(ByVal items As Collection, ByVal key As String) As Boolean
    Dim kind As String
    On Error GoTo Missing
    kind = TypeName(items.Item(key))
    HasKey = True
Missing:
End Function

' The text under a key, or nothing where there is none.
Public Function TextOf(ByVal items As Collection, ByVal key As String) As String
    If Not HasKey(items, key) Then Exit Function
    If IsObject(items.Item(key)) Then Exit Function
    TextOf = CStr(items.Item(key))
End Function

Private Sub Wrong()
    Refuse "服务的答复无法识别（第 " & mPos & " 个字符）"
End Sub

Private Sub SkipBlanks()
    Do While mPos <= Len(mText)
        Select Case AscW(Mid(mText, mPos, 1))
        Case 9, 10, 13, 32: mPos = mPos + 1
        Case Else: Exit Do
        End Select
    Loop
End Sub

Private Sub ReadValue(value As Variant, ByVal skipped As String)
    Select Case Mid(mText, mPos, 1)
    Case "{": Set value = ReadObject(skipped)
    Case "[": Set value = ReadList(skipped)
    Case """": value = ReadText()
    Case "t": value = True: mPos = mPos + 4
    Case "f": value = False: mPos = mPos + 5
    Case "n": value = Empty: mPos = mPos + 4
    Case Else: value = ReadNumber()
    End Select
End Sub

Private Function ReadObject(ByVal skipped As String) As Collection
    Dim found As New Collection, key As String, value As Variant
    mPos = mPos + 1
    SkipBlanks
    Do While Mid(mText, mPos, 1) <> "}"
        key = ReadText()
        SkipBlanks
        If Mid(mText, mPos, 1) <> ":" Then Wrong
        mPos = mPos + 1
        SkipBlanks
        If key = skipped Then
            SkipValue
        Else
            ReadValue value, skipped
            found.Add value, key
        End If
        SkipComma "}"
    Loop
    mPos = mPos + 1
    Set ReadObject = found
End Function

Private Function ReadList(ByVal skipped As String) As Collection
    Dim found As New Collection, value As Variant
    mPos = mPos + 1
    SkipBlanks
    Do While Mid(mText, mPos, 1) <> "]"
        ReadValue value, skipped
        found.Add value
        SkipComma "]"
    Loop
    mPos = mPos + 1
    Set ReadList = found
End Function

Private Sub SkipComma(ByVal closing As String)
    SkipBlanks
    If Mid(mText, mPos, 1) = "," Then
        mPos = mPos + 1
        SkipBlanks
    ElseIf Mid(mText, mPos, 1) <> closing Then
        Wrong
    End If
End Sub

Private Function ReadNumber() As Double
    Dim start As Long
    start = mPos
    Do While mPos <= Len(mText)
        If InStr("+-.eE0123456789", Mid(mText, mPos, 1)) = 0 Then Exit Do
        mPos = mPos + 1
    Loop
    If mPos = start Then Wrong
    ReadNumber = Val(Mid(mText, start, mPos - start))
End Function

' Long texts are taken piece by piece between the backslashes, not letter by letter.
Private Function ReadText() As String
    Dim found As String, quote As Long, slash As Long
    If Mid(mText, mPos, 1) <> """" Then Wrong
    mPos = mPos + 1
    quote = InStr(mPos, mText, """")
    slash = InStr(mPos, mText, "\")
    Do
        If quote = 0 Then Wrong
        If slash = 0 Or slash > quote Then Exit Do
        found = found & Mid(mText, mPos, slash - mPos) & ReadEscape(slash + 1)
        If quote < mPos Then quote = InStr(mPos, mText, """")
        slash = InStr(mPos, mText, "\")
    Loop
    ReadText = found & Mid(mText, mPos, quote - mPos)
    mPos = quote + 1
End Function

Private Function ReadEscape(ByVal at As Long) As String
    mPos = at + 1
    Select Case Mid(mText, at, 1)
    Case "n": ReadEscape = vbLf
    Case "r": ReadEscape = vbCr
    Case "t": ReadEscape = vbTab
    Case "b": ReadEscape = Chr(8)
    Case "f": ReadEscape = Chr(12)
    Case "u"
        ReadEscape = ChrW(CLng("&H" & Mid(mText, at + 1, 4)))
        mPos = at + 5
    Case """", "\", "/": ReadEscape = Mid(mText, at, 1)
    Case Else: Wrong
    End Select
End Function

Private Sub SkipValue()
    Dim depth As Long, ignored As String
    Do
        If mPos > Len(mText) Then Wrong
        Select Case Mid(mText, mPos, 1)
        Case """"
            ignored = ReadText()
        Case "{", "["
            depth = depth + 1
            mPos = mPos + 1
        Case "}", "]"
            If depth = 0 Then Exit Do
            depth = depth - 1
            mPos = mPos + 1
        Case ","
            If depth = 0 Then Exit Do
            mPos = mPos + 1
        Case Else
            mPos = mPos + 1
        End Select
    Loop
End Sub
